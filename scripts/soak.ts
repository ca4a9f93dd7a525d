// Simulates a day of mainnet in minutes. Runs the built listener with its embedded store over real TCP with
// eight peers, which are in a process of their own, and samples the resident memory of the listener and of
// its store's process every second. Needs dist (npm run build) and Linux.
//   node -r tsx/cjs scripts/soak.ts [--hours 24] [--minutes 8] [--tx 7] [--inv 30] [--distinct]
//     [--json FILE] [-- LISTENER OPTIONS]
// There are --tx new transactions a second, and each peer announces --inv items a second; the other items are
// repetitions. As on mainnet, all peers announce the same transactions, and the listener requests each of
// them once. With --distinct each peer has --tx new transactions a second of its own, eight times as many in
// all. The relay view is then full after three hours. The simulated day has a block of 2.5 MB every ten
// minutes. Every half an hour a peer disconnects and is dialled again. On a slow machine the day takes longer
// than --minutes. The listener's own time limits follow the real clock. Exits with status 1 if the listener
// used 600 MB or more, lost a point or a block, or ended by itself.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuSecondsOf, familyOf, memoryOf, proportionalBytesOf } from '../test/support/proc';
import { BIN } from '../test/support/program';
import type { SoakOrder, SoakPorts, SoakProgress } from './soak/news';
import { report, type Sample } from './soak/report';
import { positiveNumber } from './support/options';

const PEERS = 8;
/** Time for the listener to start, and to process the last block, in milliseconds. */
const START_MS = 2_000;
const END_MS = 3_000;

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
const hours = positiveNumber('soak', 'hours', values.hours);
const minutes = positiveNumber('soak', 'minutes', values.minutes);
const order: SoakOrder = {
  peers: PEERS,
  tx: positiveNumber('soak', 'tx', values.tx),
  inv: positiveNumber('soak', 'inv', values.inv),
  distinct: values.distinct,
  speed: (hours * 60) / minutes,
  seconds: hours * 3_600,
};

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-soak-'));
  const store = path.join(folder, 'soak.duckdb');
  const peers = fork(path.join(__dirname, 'soak', 'peers.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let load: SoakProgress = {
    ...{ time: 0, transactions: 0, announced: 0, blocks: 0, blockBytes: 0, bytes: 0, hangUps: 0 },
  };
  peers.send(order);
  const [{ ports }] = (await once(peers, 'message')) as [SoakPorts];
  peers.on('message', (progress: SoakProgress) => (load = progress));

  const listener = spawn(
    process.execPath,
    [
      ...[BIN, '-n', 'regtest', '--data-dir', folder, '--log-level', 'warn'],
      ...['--export', `duckdb:${store}`, '--tx-rate', '999999999', '--http', 'off', '--transport', 'v1'],
      ...ports.flatMap((port) => ['-c', `127.0.0.1:${port}`]),
      ...positionals,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const exited = once(listener, 'exit') as Promise<[number | null]>;
  const hasEnded = (): boolean => listener.exitCode !== null || listener.signalCode !== null;
  process.once('exit', () => {
    listener.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

  const samples: Sample[] = [];
  await sleep(START_MS);
  peers.send({ start: true });
  const started = performance.now();
  while (load.time < order.seconds && !hasEnded() && peers.connected) {
    await sleep(1_000);
    if (hasEnded()) break;
    // The store has a process of its own.
    const processes = familyOf(listener.pid);
    const sum = (valueOf: (pid: number) => number): number =>
      processes.reduce((total, pid) => total + valueOf(pid), 0);
    samples.push({
      second: (performance.now() - started) / 1_000,
      hour: load.time / 3_600,
      resident: sum(proportionalBytesOf) / 1e6,
      anonymous: sum((pid) => memoryOf(pid).anonymous) / 1e6,
      cpu: sum(cpuSecondsOf),
    });
  }
  if (!hasEnded()) await sleep(END_MS);
  listener.kill('SIGTERM');
  const [code] = await exited;
  if (peers.connected) peers.disconnect();
  const isGood = await report({ status: code ?? 'a signal', hours, samples, load, store, json: values.json });
  if (!isGood) process.exitCode = 1;
}

void main();
