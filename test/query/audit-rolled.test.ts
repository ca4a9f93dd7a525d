import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { StoreWriter } from '../../src/store/writer';
import type { Point } from '../../src/metrics/point';
import { SERIES_NAMES } from '../../src/metrics/schema';
import { audit } from '../../src/query/audit';
import { runQuery } from '../../src/query/duckdb-run';
import type { Source } from '../../src/query/source';
import { expire } from '../../src/store/rollup';
import { Cleanup } from '../support/cleanup';

const TAGS = { node: 'n', network: 'regtest' };
const SERIES = ['ping', 'btcdmon'] as const;
const HOUR_S = 3600;
const START_S = 1_767_225_600;

/**
 * A run from second to second: a ping each second, and every ten seconds an account of the pings and of the
 * accounts.
 */
function run(from: number, until: number): Point[] {
  const points: Point[] = [];
  const emitted = { ping: 0, btcdmon: 0 };
  for (let second = from; second < until; second++) {
    const time = BigInt(START_S + second) * 1_000_000_000n;
    const started = (START_S + from) * 1000;
    if ((second - from) % 10 === 9)
      for (const [index, series] of SERIES.entries()) {
        const tags = { ...TAGS, series };
        const fields = { started, emitted: emitted[series] };
        points.push({ series: 'btcdmon', time: time + BigInt(index), tags, fields });
        emitted.btcdmon++;
      }
    points.push({ series: 'ping', time: time + 2n, tags: TAGS, fields: { rtt: 1 } });
    emitted.ping++;
  }
  return points;
}

describe('an audit of a store whose old points are only rollups', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('finds every point since then, even if one run began in the minute in which another ended', async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-audit-')), (it) =>
      rm(it, { recursive: true }),
    );
    const exporter = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
    await exporter.open();
    cleanup.add(exporter, (it) => it.close());
    await exporter.write([...run(0, 1000), ...run(1010, 2 * HOUR_S)]);
    const connection = await exporter.store.connect();
    const horizon = BigInt(START_S + HOUR_S) * 1_000_000_000n;
    for (const series of SERIES_NAMES.filter((name) => exporter.store.layout.has(name)))
      await expire(connection, series, horizon, () => true);
    connection.closeSync();

    const source: Source = {
      run: async (query) => runQuery(await exporter.store.connect(), query),
      raw: () => Promise.reject(new Error('not asked')),
      close: () => Promise.resolve(),
    };
    const range = { since: BigInt(START_S) * 1_000_000_000n, until: 2n * horizon };
    const accounts = await audit(source, range);
    expect(accounts.map(({ series }) => series).sort()).toEqual(['btcdmon', 'ping']);
    for (const { series, emitted, stored } of accounts) {
      expect(emitted).toBeGreaterThan(series === 'ping' ? HOUR_S - 30 : (2 * HOUR_S) / 10 - 10);
      expect(stored).toBe(emitted);
    }
  });
});
