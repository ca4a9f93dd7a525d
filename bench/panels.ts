// Measures panels on an embedded store of 30 days and 50 million points: every panel at ranges from 15
// minutes to 30 days, compared with the same queries on points alone (without rollups), and all panels of a
// theme at once, as a page requests them when the tab of that theme is opened. The limits are 300 ms at the
// 95th percentile and 1 s for the first view. `--days` and `--points` make the store smaller; `--store FILE`
// keeps it for the next run.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { SERIES_NAMES } from '#dist/metrics/schema';
import { answerPanel } from '#dist/panels/panel-answer';
import { bucketFor } from '#dist/panels/buckets';
import { PANELS } from '#dist/panels/list';
import { QueryScheduler } from '#dist/query/query-scheduler';
import { LocalAnswers } from '#dist/query/local-answers';
import { compileSql } from '#dist/query/sql';
import { parseDuration } from '#dist/query/time';
import { rollUp } from '#dist/store/rollup';
import { type Store, openStore } from '#dist/store/store';
import { type Panel, THEMES, type ThemeName } from '#dist/panels/panel';
import { type Choice, panelQueries } from '#dist/panels/queries';
import { firstViews } from './support/first-view';
import { END_NS, fillMonth } from './support/month';

/** Connections that a browser opens to one server. */
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
/** A temporary folder for the store if --store is missing. */
const folder = values.store === undefined ? mkdtempSync(path.join(tmpdir(), 'btcdmon-bench-')) : null;
const file = values.store ?? path.join(folder ?? '', 'month.duckdb');

const lag = monitorEventLoopDelay({ resolution: 5 });
/** The longest delay of the event loop in nanoseconds. */
let longest = 0;

/** Seconds since a time of `performance.now()`. */
function secondsSince(start: number): string {
  return ((performance.now() - start) / 1_000).toFixed(1);
}

async function make(): Promise<void> {
  const store = await openStore(file);
  await store.makeTables(SERIES_NAMES);
  await store.lendMemory();
  const connection = await store.connect();
  let start = performance.now();
  const made = await fillMonth(connection, days, Number(values.points));
  const filled = secondsSince(start);
  await connection.run('CHECKPOINT');
  const before = statSync(file).size;
  const roller = { connection, front: store.front, mayGoOn: () => true };
  start = performance.now();
  // The node does the same a minute after the last point.
  for (const series of SERIES_NAMES) await rollUp(roller, series, END_NS - 60_000_000_000n);
  const rolled = secondsSince(start);
  await connection.run('CHECKPOINT');
  await store.close();
  const mb = (bytes: number): number => Math.round(bytes / 1e6);
  console.log(
    `panels: ${made.points} points of ${days} days (${made.txPerSecond.toFixed(1)} transactions a second) made in ${filled} s, ` +
      `rolled up in ${rolled} s; ${mb(before)} MB on disk, ${mb(statSync(file).size)} MB with rollups`,
  );
}

/** The range that ends with the store, with the panel's bucket for it. */
function choiceOf(panel: Panel, range: string): Choice {
  const period = { since: END_NS - parseDuration('range', range), until: END_NS };
  const node = { node: 'bench', watched: 'bench', monitor: 'bench' };
  return { ...period, bucketNs: bucketFor(panel, period), node };
}

/** What a panel took, in milliseconds, and the rows of its answer. */
interface PanelCost {
  readonly ms: number;
  /** Of all threads: unlike `ms` it says something on a machine that is busy with else. */
  readonly processor: number;
  readonly rows: number;
}

/** Asks a panel as the page's server does. */
async function panelMs(scheduler: QueryScheduler, panel: Panel, range: string): Promise<PanelCost> {
  const choice = choiceOf(panel, range);
  const [start, before] = [performance.now(), process.cpuUsage()];
  const limits = { timeoutMs: 60_000, left: new AbortController().signal };
  const { rows } = await scheduler.ask(limits, (asked) =>
    answerPanel(panel, choice, (queries) => asked.runAll(queries)),
  );
  return { ms: performance.now() - start, processor: processorMs(before), rows: rows.length };
}

/** The time of the same panel from points alone, in milliseconds. Each line of it is a query. */
async function rawMs(store: Store, panel: Panel, range: string): Promise<number> {
  const queries = panelQueries(panel, choiceOf(panel, range));
  const takeBack = await store.lendMemory();
  const connection = await store.connect();
  const start = performance.now();
  // The lines are similar, so the time of all is estimated from three.
  const asked = queries.slice(0, 3);
  for (const query of asked) await connection.runAndReadAll(compileSql(query));
  const ms = ((performance.now() - start) * queries.length) / asked.length;
  connection.closeSync();
  await takeBack();
  return ms;
}

/** Milliseconds of processor time since `before`. */
function processorMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const quantile = (sorted: readonly number[], fraction: number): number =>
  sorted[Math.ceil(sorted.length * fraction) - 1] ?? 0;
const ascending = (a: number, b: number): number => a - b;

/** The times of a first view in milliseconds. */
interface View {
  readonly theme: ThemeName;
  readonly ms: number;
  readonly processor: number;
}

/** Queries all panels of a theme at once, each at its own range. */
async function firstView(scheduler: QueryScheduler, theme: ThemeName): Promise<View> {
  const start = performance.now();
  const left = PANELS.filter((panel) => panel.theme === theme);
  const ask = async (): Promise<void> => {
    for (let panel = left.shift(); panel !== undefined; panel = left.shift())
      await panelMs(scheduler, panel, panel.since);
  };
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: BROWSER_CONNECTIONS }, ask));
  return { theme, ms: performance.now() - start, processor: processorMs(before) };
}

/** Prints how long the first views of the slowest theme take. Returns its very first in milliseconds. */
async function measureFirstViews(scheduler: QueryScheduler): Promise<number> {
  const slowest = (views: readonly View[]): View => views.reduce((a, b) => (b.ms > a.ms ? b : a));
  const themes = Object.keys(THEMES) as ThemeName[];
  const cold: View[] = [];
  for (const theme of themes) cold.push(await firstView(scheduler, theme));
  const warm: View[] = [];
  for (const theme of themes) {
    const views: View[] = [];
    for (let i = 0; i < repeat; i++) views.push(await firstView(scheduler, theme));
    views.sort((a, b) => a.ms - b.ms);
    const median = views[Math.ceil(views.length / 2) - 1];
    if (median !== undefined) warm.push(median);
  }
  const told = ({ theme, ms, processor }: View): string =>
    `${ms.toFixed(0)} ms of ${theme} (${processor.toFixed(0)} ms of processor time)`;
  const first = slowest(cold);
  console.log(
    `panels: first view, all panels of the slowest theme at once at their own ranges: ${told(first)} just opened, ` +
      `then ${told(slowest(warm))} (limit ${FIRST_VIEW_LIMIT_MS})`,
  );
  return first.ms;
}

/** Queries every panel at a range and prints how long they take. Returns the p95 in milliseconds. */
async function measureRange(store: Store, scheduler: QueryScheduler, range: string): Promise<number> {
  const times: number[] = [];
  const costs: { readonly name: string; readonly ms: number }[] = [];
  let slowest = { ms: 0, name: '' };
  let empty = 0;
  let total = 0;
  for (const panel of PANELS) {
    const own: number[] = [];
    const processor: number[] = [];
    for (let i = 0; i < repeat; i++) {
      const { ms, processor: used, rows } = await panelMs(scheduler, panel, range);
      own.push(ms);
      processor.push(used);
      if (i === 0 && rows === 0) empty++;
    }
    own.sort(ascending);
    costs.push({ name: panel.name, ms: quantile(processor.sort(ascending), 0.5) });
    times.push(...own);
    total += quantile(own, 0.5);
    if (quantile(own, 1) > slowest.ms) slowest = { ms: quantile(own, 1), name: panel.name };
    const used = `processor ${processor.map((ms) => ms.toFixed(0)).join(' ')}`;
    if (values.verbose)
      console.log(`  ${range} ${panel.name} ${own.map((ms) => ms.toFixed(0)).join(' ')}; ${used}`);
  }
  // The delay of the event loop is that of the panels; the queries on points alone do not count.
  longest = Math.max(longest, lag.max);
  let raw = 0;
  for (const panel of PANELS) raw += await rawMs(store, panel, range);
  lag.reset();
  times.sort(ascending);
  costs.sort((a, b) => a.ms - b.ms);
  const p95 = quantile(times, 0.95);
  const costOf = (fraction: number): number => costs[Math.ceil(costs.length * fraction) - 1]?.ms ?? 0;
  console.log(
    `panels: ${range.padStart(3)}: median ${quantile(times, 0.5).toFixed(1)} ms, p95 ${p95.toFixed(0)} ms, ` +
      `worst ${slowest.ms.toFixed(0)} ms (${slowest.name}); from points alone ${(raw / total).toFixed(1)} times as long` +
      (empty > 0 ? `; ${empty} have no rows` : '') +
      `; processor time: median ${costOf(0.5).toFixed(0)} ms, p95 ${costOf(0.95).toFixed(0)} ms, ` +
      `most ${costOf(1).toFixed(0)} ms (${costs.at(-1)?.name ?? ''})`,
  );
  return p95;
}

async function main(): Promise<void> {
  try {
    if (!existsSync(file)) await make();
    const store = await openStore(file);
    const scheduler = new QueryScheduler(new LocalAnswers({ store }));
    lag.enable();
    const coldMs = await measureFirstViews(scheduler);
    longest = lag.max;
    let p95 = 0;
    for (const range of values.ranges.split(','))
      p95 = Math.max(p95, await measureRange(store, scheduler, range));
    console.log(
      `panels: p95 of the slowest range ${p95.toFixed(0)} ms (${(p95 / PANEL_LIMIT_MS).toFixed(2)} of the limit of ${PANEL_LIMIT_MS}), ` +
        `first view ${(coldMs / FIRST_VIEW_LIMIT_MS).toFixed(2)} of its limit; event loop delayed by ${(longest / 1e6).toFixed(0)} ms at most`,
    );
    if (p95 > PANEL_LIMIT_MS || coldMs > FIRST_VIEW_LIMIT_MS) process.exitCode = 1;
    await store.close();
    await firstViews(file, Number(END_NS / 1_000_000n), days);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}

void main();
