// Panels on an embedded store of 30 days and 50 million points: every panel at ranges from 15 minutes to 30
// days, beside the same questions answered from the points alone; and all panels at once, as a page asks them
// that opens. Limits: 300 ms at the 95th percentile, 1 s for the first view. `--days`, `--points` make it
// smaller, `--store FILE` keeps the store for the next time.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { firstViews } from './support/first-view.mjs';
import { END_NS, fillMonth } from './support/month.mjs';

const require = createRequire(import.meta.url);
const { SERIES_NAMES } = require('../dist/metrics/schema.js');
const { answerPanel } = require('../dist/panels/panel-answer.js');
const { bucketFor } = require('../dist/panels/buckets.js');
const { PANELS } = require('../dist/panels/list.js');
const { panelQueries } = require('../dist/panels/queries.js');
const { QueryScheduler } = require('../dist/query/query-scheduler.js');
const { LocalAnswers } = require('../dist/query/local-answers.js');
const { compileSql } = require('../dist/query/sql.js');
const { parseDuration } = require('../dist/query/time.js');
const { rollUp } = require('../dist/store/rollup.js');
const { openStore } = require('../dist/store/store.js');

/** What a browser has to a server at once. */
const BROWSER_CONNECTIONS = 6;
const PANEL_LIMIT_MS = 300;
const FIRST_VIEW_LIMIT_MS = 1_000;

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    points: { type: 'string', default: '50000000' },
    ranges: { type: 'string', default: '15m,1h,6h,24h,7d,30d' },
    repeat: { type: 'string', default: '5' },
    store: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const days = Number(values.days);
const repeat = Number(values.repeat);
const folder = values.store === undefined ? mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-')) : null;
const file = values.store ?? path.join(folder, 'month.duckdb');

async function seconds(work) {
  const start = performance.now();
  await work();
  return ((performance.now() - start) / 1_000).toFixed(1);
}

async function make() {
  const store = await openStore(file);
  await store.lendMemory();
  const connection = await store.connect();
  let made;
  const filled = await seconds(async () => (made = await fillMonth(connection, days, Number(values.points))));
  await connection.run('CHECKPOINT');
  const before = statSync(file).size;
  const roller = { connection, front: store.front, mayGoOn: () => true };
  const rolled = await seconds(async () => {
    // As the node does a minute after the last point.
    for (const series of SERIES_NAMES) await rollUp(roller, series, END_NS - 60_000_000_000n);
  });
  await connection.run('CHECKPOINT');
  await store.close();
  const mb = (bytes) => Math.round(bytes / 1e6);
  console.log(
    `panels: ${made.points} points of ${days} days (${made.txPerSecond.toFixed(1)} transactions a second) made in ${filled} s, ` +
      `rolled up in ${rolled} s; ${mb(before)} MB on disk, ${mb(statSync(file).size)} MB with rollups`,
  );
}

/** What a panel is asked of the range before the end of what was made. */
function choiceOf(panel, range) {
  const period = { since: END_NS - parseDuration('range', range), until: END_NS };
  return { ...period, bucketNs: bucketFor(panel, period) };
}

/** Milliseconds that a panel takes, as the page's server asks it. */
async function panelMs(scheduler, panel, range) {
  const choice = choiceOf(panel, range);
  const start = performance.now();
  const limits = { timeoutMs: 60_000, left: new AbortController().signal };
  const { rows } = await scheduler.ask(limits, (asked) =>
    answerPanel(panel, choice, (queries) => asked.runAll(queries)),
  );
  return { ms: performance.now() - start, rows: rows.length };
}

/** The same from points alone, line by line. */
async function rawMs(store, panel, range) {
  const queries = panelQueries(panel, choiceOf(panel, range));
  const takeBack = await store.lendMemory();
  const connection = await store.connect();
  const start = performance.now();
  // The lines are alike: three tell the time of all.
  const asked = queries.slice(0, 3);
  for (const query of asked) await connection.runAndReadAll(compileSql(query));
  const ms = ((performance.now() - start) * queries.length) / asked.length;
  connection.closeSync();
  await takeBack();
  return ms;
}

/** Milliseconds of processor time since `before`. */
function processorMs(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const quantile = (sorted, fraction) => sorted[Math.ceil(sorted.length * fraction) - 1] ?? 0;
const ascending = (a, b) => a - b;

try {
  if (!existsSync(file)) await make();
  const store = await openStore(file);
  const scheduler = new QueryScheduler(new LocalAnswers({ store }));
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();

  const firstView = async () => {
    const start = performance.now();
    const left = [...PANELS];
    const ask = async () => {
      for (let panel = left.shift(); panel !== undefined; panel = left.shift())
        await panelMs(scheduler, panel, panel.since);
    };
    const before = process.cpuUsage();
    await Promise.all(Array.from({ length: BROWSER_CONNECTIONS }, ask));
    return { ms: performance.now() - start, processor: processorMs(before) };
  };
  const cold = await firstView();
  const warm = [];
  for (let i = 0; i < repeat; i++) warm.push(await firstView());
  warm.sort((a, b) => a.ms - b.ms);
  const told = ({ ms, processor }) => `${ms.toFixed(0)} ms (${processor.toFixed(0)} ms of processor time)`;
  console.log(
    `panels: first view, all ${PANELS.length} panels at once at their own ranges: ${told(cold)} just opened, ` +
      `then ${told(quantile(warm, 0.5))} (limit ${FIRST_VIEW_LIMIT_MS})`,
  );

  const worst = new Map();
  // Of the panels alone: the histogram is cleared after what is asked of points.
  let longest = lag.max;
  for (const range of values.ranges.split(',')) {
    const times = [];
    let slowest = { ms: 0, name: '' };
    let empty = 0;
    let total = 0;
    let raw = 0;
    for (const panel of PANELS) {
      const own = [];
      for (let i = 0; i < repeat; i++) {
        const { ms, rows } = await panelMs(scheduler, panel, range);
        own.push(ms);
        if (i === 0 && rows === 0) empty++;
      }
      own.sort(ascending);
      times.push(...own);
      total += quantile(own, 0.5);
      if (quantile(own, 1) > slowest.ms) slowest = { ms: quantile(own, 1), name: panel.name };
      if (values.verbose) console.log(`  ${range} ${panel.name} ${own.map((ms) => ms.toFixed(0)).join(' ')}`);
    }
    longest = Math.max(longest, lag.max);
    for (const panel of PANELS) raw += await rawMs(store, panel, range);
    lag.reset();
    times.sort(ascending);
    worst.set(range, quantile(times, 0.95));
    console.log(
      `panels: ${range.padStart(3)}: median ${quantile(times, 0.5).toFixed(1)} ms, p95 ${quantile(times, 0.95).toFixed(0)} ms, ` +
        `worst ${slowest.ms.toFixed(0)} ms (${slowest.name}); from points alone ${(raw / total).toFixed(1)} times as long` +
        (empty > 0 ? `; ${empty} have no rows` : ''),
    );
  }
  const p95 = Math.max(...worst.values());
  console.log(
    `panels: p95 of the slowest range ${p95.toFixed(0)} ms (${(p95 / PANEL_LIMIT_MS).toFixed(2)} of the limit of ${PANEL_LIMIT_MS}), ` +
      `first view ${(cold.ms / FIRST_VIEW_LIMIT_MS).toFixed(2)} of its limit; event loop held up for ${(longest / 1e6).toFixed(0)} ms at most`,
  );
  if (p95 > PANEL_LIMIT_MS || cold.ms > FIRST_VIEW_LIMIT_MS) process.exitCode = 1;
  await store.close();
  await firstViews(file, Number(END_NS / 1_000_000n), days);
} finally {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
}
