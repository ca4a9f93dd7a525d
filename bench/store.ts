// Measures the embedded store. Writes points in the batches of the export queue through the exporter, which
// runs DuckDB in a process of its own, and through the writer that works in that process. Compares that with
// DuckDB's bare appender, which gets the same values in one transaction. Then measures a percentile by group
// over a million outputs: through the query model, and in SQL written by hand.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DuckDBAppender, DuckDBTimestampNanosecondsValue } from '@duckdb/node-api';
import { StoreWriter } from '#dist/store/writer';
import { StoreExporter } from '#dist/export/store';
import { openDuckdb } from '#dist/query/duckdb';
import { parseQuery } from '#dist/query/model';
import { allRows } from '#dist/query/result';
import type { FieldValue, Point } from '#dist/metrics/point';
import { type SeriesName, columnNames, seriesOf, tagNames } from '#dist/metrics/schema';
import { openStore } from '#dist/store/store';
import { medianMsOf } from './support/median';
import { makePoints } from './support/points';

const COUNT = 1_700_000;
const BATCH = 5_000;
const QUERIES = 5;
const START_NS = 1_700_000_000_000_000_000n;
/** All points are within one hour, the default range of `query`. */
const STEP_NS = 3_600_000_000_000n / BigInt(COUNT);

const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-'));
const file = path.join(folder, 'bench.duckdb');

/** A writer of points. */
interface Writer {
  open(): Promise<void>;
  write(points: readonly Point[]): Promise<{ readonly acked: number }>;
  close(): Promise<void>;
}

/** The time to write all points, in seconds. */
interface Written {
  readonly seconds: number;
  /** Processor time of this process. The listener's event loop is blocked for at most this time. */
  readonly processor: number;
}

async function through(exporter: Writer): Promise<Written> {
  await exporter.open();
  let seconds = 0;
  let processor = 0;
  for (let at = 0; at < COUNT; at += BATCH) {
    const points = makePoints(BATCH, START_NS + BigInt(at) * STEP_NS, STEP_NS);
    const start = performance.now();
    const before = process.cpuUsage();
    const { acked } = await exporter.write(points);
    const { user, system } = process.cpuUsage(before);
    processor += (user + system) / 1e6;
    seconds += (performance.now() - start) / 1_000;
    if (acked !== points.length) throw new Error(`${acked} of ${points.length} points were stored`);
  }
  const start = performance.now();
  await exporter.close();
  return { seconds: seconds + (performance.now() - start) / 1_000, processor };
}

type Append = (appender: DuckDBAppender, value: NonNullable<FieldValue>) => void;

const APPEND: Readonly<Record<'int' | 'float' | 'bool' | 'string', Append>> = {
  int: (appender, value) => appender.appendBigInt(BigInt(value)),
  float: (appender, value) => appender.appendDouble(value as number),
  bool: (appender, value) => appender.appendBoolean(value as boolean),
  string: (appender, value) => appender.appendVarchar(value as string),
};

/** The appender for the points of a series. */
interface SeriesAppender {
  readonly appender: DuckDBAppender;
  readonly columns: readonly (readonly [name: string, append: Append])[];
}

/**
 * Writes all points with DuckDB alone: an appender for each table, row by row, in one transaction. Returns
 * the seconds.
 */
async function throughAppender(): Promise<number> {
  const store = await openStore(path.join(folder, 'bare.duckdb'));
  await store.makeTables(['tx', 'tx_inputs', 'tx_outputs']);
  const connection = await store.connect();
  const appenders = new Map<SeriesName, SeriesAppender>();
  await connection.run('BEGIN');
  for (const series of ['tx', 'tx_inputs', 'tx_outputs'] as const) {
    const { columns } = seriesOf(series);
    appenders.set(series, {
      appender: await connection.createAppender(series),
      columns: columnNames(series).map((name) => [name, APPEND[columns[name]?.type ?? 'string']]),
    });
  }
  let seconds = 0;
  for (let at = 0; at < COUNT; at += BATCH) {
    const points = makePoints(BATCH, START_NS + BigInt(at) * STEP_NS, STEP_NS);
    const start = performance.now();
    for (const { series, time, tags, fields } of points) {
      const own = appenders.get(series);
      if (own === undefined) throw new Error(`${series} has no appender`);
      const { appender, columns } = own;
      appender.appendTimestampNanoseconds(new DuckDBTimestampNanosecondsValue(time));
      for (const name of tagNames(series)) appender.appendVarchar(tags[name] ?? '');
      for (const [name, append] of columns) {
        const value = fields[name];
        if (value === undefined) appender.appendNull();
        else append(appender, value);
      }
      appender.endRow();
    }
    seconds += (performance.now() - start) / 1_000;
  }
  const start = performance.now();
  for (const { appender } of appenders.values()) appender.closeSync();
  await connection.run('COMMIT');
  await store.close();
  return seconds + (performance.now() - start) / 1_000;
}

/** The times of a query through the model and of the same query in SQL, in milliseconds. */
async function queries(): Promise<{ readonly model: number; readonly bare: number }> {
  const source = await openDuckdb(file);
  const now = START_NS + 3_600_000_000_001n;
  const query = parseQuery(
    { series: 'tx_outputs', agg: ['p99', 'value'], by: ['script_type'], since: '2h' },
    now,
  );
  let rows: readonly unknown[] = [];
  const model = await medianMsOf(QUERIES, async () => (rows = await allRows(await source.run(query))));
  const sql = 'SELECT script_type, quantile_disc(value, 0.99) FROM tx_outputs GROUP BY 1 ORDER BY 1';
  let byHand: readonly unknown[] = [];
  const bare = await medianMsOf(QUERIES, async () => (byHand = await allRows(await source.raw(sql))));
  await source.close();
  if (rows.length !== 3 || byHand.length !== 3) throw new Error('there should be three types of outputs');
  return { model, bare };
}

async function main(): Promise<void> {
  try {
    const warn = (message: string): void => console.error(message);
    const apart = await through(new StoreExporter({ path: path.join(folder, 'apart.duckdb') }, { warn }));
    const { seconds: ours, processor } = await through(new StoreWriter({ path: file }));
    const bare = await throughAppender();
    const rate = (seconds: number): string => `${Math.round(COUNT / seconds / 1_000)},000`;
    console.log(
      `store: ${COUNT} points in transactions of ${BATCH}: ${rate(ours)}/s, file ${(statSync(file).size / COUNT).toFixed(0)} bytes a point; ` +
        `DuckDB's appender in one transaction ${rate(bare)}/s (${(ours / bare).toFixed(2)} of its time)`,
    );
    console.log(
      `store: in a process of its own ${rate(apart.seconds)}/s (${(apart.seconds / ours).toFixed(2)} of the time), of which this process takes ` +
        `${apart.processor.toFixed(2)} s of processor time (${(apart.processor / processor).toFixed(2)} times that with the store in it)`,
    );
    const { model, bare: byHand } = await queries();
    console.log(
      `query: p99 of the values of ${Math.round((COUNT * 3) / 5)} outputs by type: ${model.toFixed(0)} ms; ` +
        `in SQL by hand ${byHand.toFixed(0)} ms (${(model / byHand).toFixed(2)} of its time)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
