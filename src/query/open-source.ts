import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import type * as Duckdb from './duckdb';
import type * as Influx from './influx';
import type { Source } from './source';

/**
 * Opens the store of a URL: `duckdb:PATH`, `parquet:DIR`, `influx+http://[user@]host[:8086]/database` or
 * `influx+https://…`, as for --export. InfluxDB's password is in BTCDMON_INFLUX_PASSWORD of `env`, or in a
 * file.
 * @param warn called with one line if some points of the store can't be read
 * @throws UsageError for another URL, FailureError if the store can't be opened
 */
export async function openSource(
  url: string,
  env: NodeJS.ProcessEnv = process.env,
  warn: (line: string) => void = toStderr,
): Promise<Source> {
  const scheme = /^([a-z][a-z+]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'duckdb') {
    const file = expandHome(url.slice('duckdb:'.length));
    if (file === '') throw new UsageError('--store duckdb: names no file; use duckdb:PATH');
    // This module loads DuckDB into the process, which takes 25 MB, so it is only loaded if needed.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { openDuckdb } = require('./duckdb') as typeof Duckdb;
    return openDuckdb(file);
  }
  if (scheme === 'parquet') {
    const directory = expandHome(url.slice('parquet:'.length));
    if (directory === '') throw new UsageError('--store parquet: names no folder; use parquet:DIR');
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { openParquet } = require('./duckdb') as typeof Duckdb;
    return openParquet(directory, warn);
  }
  if (scheme === 'influx+http' || scheme === 'influx+https') {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { openInflux } = require('./influx') as typeof Influx;
    return openInflux(url, env);
  }
  if (scheme === 'influx+udp')
    throw new UsageError('--store influx+udp: UDP only writes; read with influx+http://HOST:8086/DATABASE');
  throw new UsageError(
    `--store ${scheme === undefined ? url : `${scheme}:…`}: use duckdb:PATH, parquet:DIR or influx+http://[user@]host:8086/database`,
  );
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
