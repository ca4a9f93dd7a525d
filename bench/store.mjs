// The embedded store: points through the exporter, which has DuckDB in a process of its own, and through the
// one that works there, in the batches of its queue, beside DuckDB's bare appender fed the same values in one
// transaction; then a percentile by group over a million outputs, through the query model, beside the same
// answer in SQL by hand.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePoints, medianMs } from './support/points.mjs';

const require = createRequire(import.meta.url);
const { DuckDBTimestampNanosecondsValue } = require('@duckdb/node-api');
const { StoreWriter } = require('../dist/store/writer.js');
const { StoreExporter } = require('../dist/export/store.js');
const { openDuckdb } = require('../dist/query/duckdb.js');
const { parseQuery } = require('../dist/query/model.js');
const { allRows } = require('../dist/query/result.js');
const { columnNames, seriesOf, tagNames } = require('../dist/metrics/schema.js');
const { openStore } = require('../dist/store/store.js');

const COUNT = 1_700_000;
const BATCH = 5_000;
const QUERIES = 5;
const START_NS = 1_700_000_000_000_000_000n;
/** An hour in all, as `query` takes by default. */
const STEP_NS = 3_600_000_000_000n / BigInt(COUNT);

const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-'));
const file = path.join(folder, 'bench.duckdb');

/**
 * Seconds to write all points, and those of this process's processor time: what the listener's event loop is
 * held up for at most.
 */
async function through(exporter) {
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

const APPEND = {
  int: (appender, value) => appender.appendBigInt(BigInt(value)),
  float: (appender, value) => appender.appendDouble(value),
  bool: (appender, value) => appender.appendBoolean(value),
  string: (appender, value) => appender.appendVarchar(value),
};

/** The same by DuckDB's means alone: an appender for each table, row by row, one transaction. */
async function throughAppender() {
  const store = await openStore(path.join(folder, 'bare.duckdb'));
  const connection = await store.connect();
  const appenders = new Map();
  const writers = new Map();
  await connection.run('BEGIN');
  for (const series of ['tx', 'tx_inputs', 'tx_outputs']) {
    appenders.set(series, await connection.createAppender(series));
    writers.set(
      series,
      columnNames(series).map((name) => [name, APPEND[seriesOf(series).columns[name].type]]),
    );
  }
  let seconds = 0;
  for (let at = 0; at < COUNT; at += BATCH) {
    const points = makePoints(BATCH, START_NS + BigInt(at) * STEP_NS, STEP_NS);
    const start = performance.now();
    for (const { series, time, tags, fields } of points) {
      const appender = appenders.get(series);
      appender.appendTimestampNanoseconds(new DuckDBTimestampNanosecondsValue(time));
      for (const name of tagNames(series)) appender.appendVarchar(tags[name] ?? '');
      for (const [name, append] of writers.get(series)) {
        const value = fields[name];
        if (value === undefined) appender.appendNull();
        else append(appender, value);
      }
      appender.endRow();
    }
    seconds += (performance.now() - start) / 1_000;
  }
  const start = performance.now();
  for (const appender of appenders.values()) appender.closeSync();
  await connection.run('COMMIT');
  await store.close();
  return seconds + (performance.now() - start) / 1_000;
}

async function queries() {
  const source = await openDuckdb(file);
  const now = START_NS + 3_600_000_000_001n;
  const query = parseQuery(
    { series: 'tx_outputs', agg: ['p99', 'value'], by: ['script_type'], since: '2h' },
    now,
  );
  let rows = [];
  const model = await medianMs(QUERIES, async () => (rows = await allRows(await source.run(query))));
  const sql = 'SELECT script_type, quantile_disc(value, 0.99) FROM tx_outputs GROUP BY 1 ORDER BY 1';
  let byHand = [];
  const bare = await medianMs(QUERIES, async () => (byHand = await allRows(await source.raw(sql))));
  await source.close();
  if (rows.length !== 3 || byHand.length !== 3) throw new Error('there should be three types of outputs');
  return { model, bare };
}

try {
  const warn = (message) => console.error(message);
  const apart = await through(new StoreExporter({ path: path.join(folder, 'apart.duckdb') }, { warn }));
  const { seconds: ours, processor } = await through(new StoreWriter({ path: file }));
  const bare = await throughAppender();
  const rate = (seconds) => `${Math.round(COUNT / seconds / 1_000)},000`;
  console.log(
    `store: ${COUNT} points in transactions of ${BATCH}: ${rate(ours)}/s, file ${(statSync(file).size / COUNT).toFixed(0)} bytes a point; ` +
      `DuckDB's appender in one transaction ${rate(bare)}/s (${(ours / bare).toFixed(2)} of its time)`,
  );
  console.log(
    `store: in a process of its own ${rate(apart.seconds)}/s (${(apart.seconds / ours).toFixed(2)} of the time), of which this one takes ` +
      `${apart.processor.toFixed(2)} s of processor time (${(apart.processor / processor).toFixed(2)} of what it is where the store is in it)`,
  );
  const { model, bare: byHand } = await queries();
  console.log(
    `query: p99 of the values of ${Math.round((COUNT * 3) / 5)} outputs by type: ${model.toFixed(0)} ms; ` +
      `in SQL by hand ${byHand.toFixed(0)} ms (${(model / byHand).toFixed(2)} of its time)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
