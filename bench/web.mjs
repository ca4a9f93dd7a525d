// The page beside a node's work: how long the event loop is kept from a message while clients hammer the API,
// beside what one answer of 50,000 rows would keep it for if it were written in one piece; and what a panel
// costs that several pages ask for at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 8);
const ROWS = 60_000;

const require = createRequire(import.meta.url);

if (isMainThread) await measure();
else await hammer(workerData);

async function measure() {
  const { StoreWriter } = require('../dist/store/writer.js');
  const { columnNames } = require('../dist/metrics/schema.js');
  const { QueryScheduler } = require('../dist/query/query-scheduler.js');
  const { LocalAnswers } = require('../dist/query/local-answers.js');
  const { PageServer } = require('../dist/web/page-server.js');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bench-web-'));
  const exporter = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await exporter.open();
  const now = BigInt(Date.now()) * 1_000_000n;
  const point = (i) => ({
    series: 'msg_recv',
    time: now - BigInt(ROWS - i) * 1_000_000_000n,
    tags: { node: 'bench', network: 'mainnet' },
    fields: Object.fromEntries(columnNames('msg_recv').map((name, column) => [name, (i * column) % 1_000])),
  });
  for (let i = 0; i < ROWS; i += 10_000)
    await exporter.write(Array.from({ length: 10_000 }, (_, n) => point(i + n)));
  const scheduler = new QueryScheduler(new LocalAnswers(exporter));
  const log = { warn: console.error, error: console.error, info: () => undefined };
  const settings = { host: '127.0.0.1', port: 0, given: true, token: null, names: [] };
  const page = await PageServer.open(settings, { log });
  await page.show({ scheduler, node: 'bench', exporters: () => [] });

  const cases = {
    nobody: [],
    'two pages, panels over a day': [
      ['panel', '1d'],
      ['panel', '1d'],
    ],
    'ten pages side by side': Array.from({ length: 10 }, () => ['pages', '1d']),
    'one client, 50,000 rows of the widest series': [['rows', 'json']],
    'two clients, the same': [
      ['rows', 'json'],
      ['rows', 'json'],
    ],
    'two clients, downloads of it': [
      ['rows', 'csv'],
      ['rows', 'csv'],
    ],
  };
  for (const [name, clients] of Object.entries(cases)) {
    const workers = clients.map(
      ([kind, more]) =>
        new Worker(new URL(import.meta.url), { workerData: { url: page.url, kind, more, seconds: SECONDS } }),
    );
    const counts = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)));
    await sleep(500);
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const answers = await Promise.all([sleep(SECONDS * 1_000 - 500), ...counts]);
    lag.disable();
    const ms = (value) => `${(value / 1e6).toFixed(1)} ms`.padStart(9);
    const [, ...results] = answers;
    const rate = results.reduce((sum, { count }) => sum + count, 0) / SECONDS;
    const slowest = Math.max(0, ...results.map(({ p95 }) => p95));
    console.log(
      `${name.padEnd(46)} loop p50 ${ms(lag.percentile(50))}  p99 ${ms(lag.percentile(99))}  max ${ms(lag.max)}` +
        (results.length === 0
          ? ''
          : `  ${rate.toFixed(1).padStart(5)} answers/s, p95 ${slowest.toFixed(0)} ms`),
    );
  }
  const connection = await exporter.store.connect();
  const reader = await connection.runAndReadAll('SELECT * FROM msg_recv LIMIT 50000');
  const began = performance.now();
  JSON.stringify(
    reader.getRows().map((row) => row.map((value) => (typeof value === 'object' ? null : Number(value)))),
  );
  console.log(
    `50,000 of its rows written in one piece would keep the loop for ${(performance.now() - began).toFixed(0)} ms`,
  );
  connection.closeSync();
  await Promise.all([scheduler.close(), page.close()]);
  await exporter.close();
  rmSync(folder, { recursive: true });
  process.exit();
}

async function hammer({ url, kind, more, seconds }) {
  const { parentPort } = await import('node:worker_threads');
  const { PANELS } = require('../dist/panels/list.js');
  const until = Date.now() + seconds * 1_000;
  const took = [];
  for (let i = 0; Date.now() < until; i++) {
    // Pages that are open side by side ask together, as after a block.
    if (kind === 'pages') await sleep(100 - (Date.now() % 100));
    const began = performance.now();
    const response =
      kind !== 'rows'
        ? await fetch(`${url}api/panels/${PANELS[i % PANELS.length].name}?since=${more}`)
        : await fetch(`${url}api/query`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query: { series: 'msg_recv', since: '2d', limit: 50_000 }, format: more }),
          });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${response.status}`);
    took.push(performance.now() - began);
  }
  took.sort((a, b) => a - b);
  parentPort.postMessage({ count: took.length, p95: took[Math.floor(took.length * 0.95)] });
}
