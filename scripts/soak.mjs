// A day of mainnet in minutes: the built listener with its embedded store beside eight peers in a process of
// their own, over real TCP, and its resident memory second by second. Needs dist (npm run build) and Linux.
//   node scripts/soak.mjs [--hours 24] [--minutes 8] [--tx 7] [--inv 30] [--distinct] [--json FILE]
//     [-- LISTENER OPTIONS]
// Each peer announces --tx new transactions and --inv items a second, the rest of the items being repeated.
// As on mainnet all peers announce the same transactions, of which each is asked for once; with --distinct
// each has transactions of its own, eight times as many in all, and the relay view is full after three hours.
// Every ten minutes of the simulated day there is a block of 2.5 MB, and every half an hour a peer hangs up
// and is dialled again. The day takes longer than --minutes where the machine is too slow for that. What the
// listener scales by the clock, it does by the true one. Ends with status 1 where the listener used 600 MB or
// more, lost a point or a block, or ended by itself.
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuSecondsOf, memoryOf } from './soak-process.mjs';

const require = createRequire(import.meta.url);
const { DuckDBInstance } = require('@duckdb/node-api');

const LIMIT_MB = 600;
const PEERS = 8;
/** Time for the listener to start, and to take in the last block, in milliseconds. */
const START_MS = 2_000;
const END_MS = 3_000;
/** Lines of the table. */
const ROWS = 24;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hours: { type: 'string', default: '24' },
    minutes: { type: 'string', default: '8' },
    tx: { type: 'string', default: '7' },
    inv: { type: 'string', default: '30' },
    distinct: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const [hours, minutes, tx, inv] = ['hours', 'minutes', 'tx', 'inv'].map((name) => {
  const value = Number(values[name]);
  if (value > 0 && Number.isFinite(value)) return value;
  console.error(`soak: --${name} ${values[name]}: give a number above 0`);
  return process.exit(2);
});

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-soak-'));
const store = path.join(folder, 'soak.duckdb');
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const peers = fork(file('soak-peers.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
let load = { time: 0, transactions: 0, announced: 0, blocks: 0, blockBytes: 0, bytes: 0, hangUps: 0 };
peers.send({
  peers: PEERS,
  tx,
  inv,
  distinct: values.distinct,
  speed: (hours * 60) / minutes,
  seconds: hours * 3_600,
});
const { ports } = await new Promise((resolve) => peers.once('message', resolve));
peers.on('message', (message) => (load = message));

const listener = spawn(
  process.execPath,
  [
    ...[file('../bin/btcdmon-node'), '-n', 'regtest', '--data-dir', folder, '--log-level', 'warn'],
    ...['--export', `duckdb:${store}`, '--tx-rate', '999999999', '--http', 'off'],
    ...ports.flatMap((port) => ['-c', `127.0.0.1:${port}`]),
    ...positionals,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
let ended;
const exited = new Promise((resolve) =>
  listener.once('exit', (status) => resolve((ended = status ?? 'a signal'))),
);
process.once('exit', () => {
  listener.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const samples = [];
await wait(START_MS);
peers.send({ start: true });
const started = performance.now();
while (load.time < hours * 3_600 && ended === undefined && peers.connected) {
  await wait(1_000);
  if (ended !== undefined) break;
  const { rss, anonymous } = memoryOf(listener.pid);
  const cpu = cpuSecondsOf(listener.pid);
  samples.push({
    second: (performance.now() - started) / 1_000,
    hour: load.time / 3_600,
    rss,
    anonymous,
    cpu,
  });
}
if (ended === undefined) await wait(END_MS);
listener.kill('SIGTERM');
const status = await exited;
if (peers.connected) peers.disconnect();
await report(status);

async function report(status) {
  const step = Math.max(1, Math.floor(samples.length / ROWS));
  console.log('  second  hour of day  resident MB  of that anonymous MB  processor %');
  samples.forEach((sample, i) => {
    if (i % step !== 0 && i !== samples.length - 1) return;
    const before = samples[Math.max(0, i - step)];
    const busy = (100 * (sample.cpu - before.cpu)) / Math.max(1, sample.second - before.second);
    const cells = [sample.second, 8, sample.hour, 13, sample.rss, 13, sample.anonymous, 22, busy, 13];
    const digits = [0, 1, 0, 0, 0];
    console.log(digits.map((d, k) => cells[2 * k].toFixed(d).padStart(cells[2 * k + 1])).join(''));
  });
  const half = samples.slice(Math.floor(samples.length / 2));
  const result = {
    status,
    hours: load.time / 3_600,
    minutes: samples.at(-1).second / 60,
    ...load,
    maxMb: Math.max(...samples.map(({ rss }) => rss)),
    firstHalfMb: mean(samples.slice(0, samples.length - half.length)),
    secondHalfMb: mean(half),
    slopeMbPerHour: slope(half),
    cpu: (100 * samples.at(-1).cpu) / samples.at(-1).second,
    storeMb: statSync(store).size / 1e6,
    ...(await readStore()),
  };
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result));
  const n = (value) => Math.round(value).toLocaleString('en');
  console.log(
    [
      `${result.hours.toFixed(1)} hours in ${result.minutes.toFixed(1)} minutes: ${n(load.transactions)} transactions, ` +
        `${n(load.announced)} inventory items, ${n(load.blocks)} blocks of ${(load.blockBytes / load.blocks / 1e6).toFixed(2)} MB, ` +
        `${n(load.bytes / 1e6)} MB in all; a peer hung up ${load.hangUps} times`,
      `resident: at most ${n(result.maxMb)} MB; mean of the first half ${n(result.firstHalfMb)}, of the second ${n(result.secondHalfMb)}, ` +
        `in which it grew by ${result.slopeMbPerHour.toFixed(2)} MB for each hour of the day`,
      `processor ${result.cpu.toFixed(0)} % of a core; delay of the event loop, p99 of an interval: median ${result.lagP50.toFixed(0)} ms, ` +
        `worst ${result.lagMax.toFixed(0)} ms`,
      `store ${n(result.storeMb)} MB, ${n(result.emitted)} points emitted, ${n(result.dropped)} dropped; ` +
        `relay view at the end ${n(result.viewTransactions)} transactions of ${n(result.viewBytes / 1e6)} MB; ` +
        `${n(result.accepted)} blocks accepted`,
    ].join('\n'),
  );
  const faults = [
    load.time < hours * 3_600 && `the day ended after ${(load.time / 3_600).toFixed(1)} hours`,
    status !== 0 && `the listener ended with ${status}`,
    result.maxMb >= LIMIT_MB && `the listener used ${n(result.maxMb)} MB, of ${LIMIT_MB}`,
    result.dropped > 0 && `${n(result.dropped)} points were dropped: give the day more --minutes`,
    result.accepted !== load.blocks && `${n(result.accepted)} of ${n(load.blocks)} blocks were accepted`,
  ].filter(Boolean);
  for (const fault of faults) console.error(`soak: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

function mean(part) {
  return part.reduce((sum, { rss }) => sum + rss, 0) / part.length;
}

/** Growth by least squares, in MB for each hour of the simulated day. */
function slope(part) {
  const x = part.reduce((sum, { hour }) => sum + hour, 0) / part.length;
  const y = mean(part);
  const above = part.reduce((sum, { hour, rss }) => sum + (hour - x) * (rss - y), 0);
  return above / part.reduce((sum, { hour }) => sum + (hour - x) ** 2, 0);
}

/** What the listener said of itself. */
async function readStore() {
  const instance = await DuckDBInstance.create(store, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT
    (SELECT median(loop_lag_p99) FROM btcdmon WHERE rss IS NOT NULL) AS "lagP50",
    (SELECT max(loop_lag_p99) FROM btcdmon WHERE rss IS NOT NULL) AS "lagMax",
    (SELECT sum(n) FROM (SELECT max(emitted) AS n FROM btcdmon WHERE series <> '' GROUP BY series)) AS emitted,
    (SELECT max(dropped) FROM btcdmon WHERE exporter <> '') AS dropped,
    (SELECT last(num_tx ORDER BY time) FROM mempool) AS "viewTransactions",
    (SELECT last(size ORDER BY time) FROM mempool) AS "viewBytes",
    (SELECT count(*) FROM processed_blocks WHERE status = 'accepted') AS accepted`);
  const [row] = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Number(value)]));
}
