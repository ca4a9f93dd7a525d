// Measures how much the page delays a node's work: the delay of the event loop while clients send many
// requests to the API, compared with the delay if one answer of 50,000 rows were written in one piece. Also
// measures what a panel costs that several pages request at once.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createLog } from '#dist/lib/log';
import { StatusLine } from '#dist/lib/status-line';
import type { Point } from '#dist/metrics/point';
import { columnNames } from '#dist/metrics/schema';
import { LocalAnswers } from '#dist/query/local-answers';
import { QueryScheduler } from '#dist/query/query-scheduler';
import { StoreWriter } from '#dist/store/writer';
import { PageServer } from '#dist/web/page-server';
import type { ClientKind, ClientNews, ClientOrder } from './support/web-client';

const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 8);
const ROWS = 60_000;
const BATCH = 10_000;
const CLIENT = path.join(__dirname, 'support', 'web-client.ts');

const PANEL: ClientKind = { kind: 'panel', since: '1d' };
const PAGE: ClientKind = { kind: 'pages', since: '1d' };
const JSON_ROWS: ClientKind = { kind: 'rows', format: 'json' };
const CSV_ROWS: ClientKind = { kind: 'rows', format: 'csv' };

/** The cases, with the clients that work at the same time in each. */
const CASES: Readonly<Record<string, readonly ClientKind[]>> = {
  nobody: [],
  'two pages, panels over a day': [PANEL, PANEL],
  'ten pages side by side': Array.from({ length: 10 }, () => PAGE),
  'one client, 50,000 rows of the widest series': [JSON_ROWS],
  'two clients, the same rows': [JSON_ROWS, JSON_ROWS],
  'two clients, the same rows as CSV': [CSV_ROWS, CSV_ROWS],
};

/** Fills the widest series. */
async function fill(store: StoreWriter): Promise<void> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const point = (i: number): Point => ({
    series: 'msg_recv',
    time: now - BigInt(ROWS - i) * 1_000_000_000n,
    tags: { node: 'bench', network: 'mainnet' },
    fields: Object.fromEntries(columnNames('msg_recv').map((name, column) => [name, (i * column) % 1_000])),
  });
  for (let i = 0; i < ROWS; i += BATCH)
    await store.write(Array.from({ length: BATCH }, (_, n) => point(i + n)));
}

/** Prints the delay of the event loop while clients send requests. */
async function measure(name: string, clients: readonly ClientKind[], url: string): Promise<void> {
  const news = clients.map(async (asks) => {
    const order: ClientOrder = { url, asks, seconds: SECONDS };
    const [done] = (await once(new Worker(CLIENT, { workerData: order }), 'message')) as [ClientNews];
    return done;
  });
  await sleep(500);
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  const [results] = await Promise.all([Promise.all(news), sleep(SECONDS * 1_000 - 500)]);
  lag.disable();
  const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`.padStart(9);
  const rate = results.reduce((sum, { count }) => sum + count, 0) / SECONDS;
  const slowest = Math.max(0, ...results.map(({ p95 }) => p95));
  console.log(
    `${name.padEnd(46)} loop p50 ${ms(lag.percentile(50))}  p99 ${ms(lag.percentile(99))}  max ${ms(lag.max)}` +
      (results.length === 0
        ? ''
        : `  ${rate.toFixed(1).padStart(5)} answers/s, p95 ${slowest.toFixed(0)} ms`),
  );
}

/** Prints how long rows block the event loop if they are written in one piece. */
async function measureOnePiece(writer: StoreWriter): Promise<void> {
  const connection = await writer.store.connect();
  const reader = await connection.runAndReadAll('SELECT * FROM msg_recv LIMIT 50000');
  const began = performance.now();
  JSON.stringify(
    reader.getRows().map((row) => row.map((value) => (typeof value === 'object' ? null : Number(value)))),
  );
  console.log(
    `50,000 of its rows written in one piece would block the loop for ${(performance.now() - began).toFixed(0)} ms`,
  );
  connection.closeSync();
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bench-web-'));
  const store = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await store.open();
  await fill(store);
  const scheduler = new QueryScheduler(new LocalAnswers(store));
  const log = createLog('warn', new StatusLine(process.stderr));
  const settings = { host: '127.0.0.1', port: 0, given: true, token: null, names: [] };
  const page = await PageServer.open(settings, { log });
  await page.show({ scheduler, node: 'bench', exporters: () => [] });
  for (const [name, clients] of Object.entries(CASES)) await measure(name, clients, page.url);
  await measureOnePiece(store);
  await Promise.all([scheduler.close(), page.close()]);
  await store.close();
  rmSync(folder, { recursive: true });
}

void main().then(() => process.exit());
