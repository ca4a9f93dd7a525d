// Measures how long dead receivers block the listener. Runs the built program with a live store and a peer
// that relays transactions: first alone, then with a UDP host where nobody listens and a TCP host that reads
// nothing. Prints the delay of the event loop that the series `btcdmon` reports. Usage:
//   node -r tsx/cjs scripts/outage.ts [--seconds 60] [--rate 50]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { encodeFrame, FrameReader } from '../src/wire/framing';
import { NETWORKS } from '../src/wire/networks';
import { versionPayload } from '../test/support/fake-peer';
import { BIN } from '../test/support/program';
import { endAllAtSignal } from './support/end-at-signal';
import { positiveNumber } from './support/options';

const { magic } = NETWORKS.regtest;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, rate: { type: 'string', default: '50' } },
});
const seconds = positiveNumber('outage', 'seconds', values.seconds);
const rate = positiveNumber('outage', 'rate', values.rate);
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-outage-'));

/** Starts a server on loopback, and returns its port. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A transaction with one input and three outputs to witness v0 key hashes. `n` makes it unique. */
function transaction(n: number): Buffer {
  const output = Buffer.concat([
    Buffer.from('a086010000000000', 'hex'),
    Buffer.from(`160014${'44'.repeat(20)}`, 'hex'),
  ]);
  const prevHash = Buffer.alloc(32);
  prevHash.writeUInt32LE(n);
  return Buffer.concat([
    Buffer.from('0200000001', 'hex'),
    prevHash,
    Buffer.from('0000000000ffffffff03', 'hex'),
    ...[output, output, output],
    Buffer.alloc(4),
  ]);
}

let peer: Socket | undefined;
const peerServer = createServer((socket) => {
  peer = socket;
  socket.on('error', () => undefined);
  const reader = new FrameReader(magic, {
    arrived: () => undefined,
    message: (command) => {
      if (command === 'version') socket.write(encodeFrame(magic, 'version', versionPayload()));
      if (command === 'verack') socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
    },
    violation: () => undefined,
  });
  socket.on('data', (bytes) => reader.push(bytes));
});
const stalled = createServer((socket) => socket.pause().on('error', () => undefined));

/**
 * Runs the program with the store and these exporters. Prints the median and the worst of the p99 delays that
 * its intervals report.
 */
async function measure(name: string, exporters: readonly string[], peerPort: number): Promise<void> {
  const store = `duckdb:${path.join(folder, `${name}.duckdb`)}`;
  const args = ['-n', 'regtest', '-c', `127.0.0.1:${peerPort}`, '--interval', '5s', '--log-level', 'error'];
  args.push('--transport', 'v1');
  for (const url of [store, ...exporters]) args.push('-e', url);
  const child = spawn(process.execPath, [BIN, ...args, '--data-dir', path.join(folder, name)], {
    stdio: 'inherit',
  });
  await sleep(3_000);
  const from = new Date();
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < seconds * 1_000) {
    for (const due = ((performance.now() - start) / 1_000) * rate; sent < due; sent++)
      peer?.write(encodeFrame(magic, 'tx', transaction(sent + 1)));
    await sleep(10);
  }
  await sleep(5_500);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
  const ask = (...words: readonly string[]): string =>
    spawnSync(process.execPath, [BIN, ...words, '--from', store], { encoding: 'utf8' }).stdout;
  const since = ['--since', from.toISOString(), '--format', 'csv'];
  const lag = (fn: string): number =>
    Number(ask('query', 'btcdmon', '--agg', fn, 'loop_lag_p99', ...since).split('\r\n')[1]);
  console.log(
    `${name.padEnd(8)} ${sent} transactions, ${sent * 5} points; loop_lag_p99 of intervals of 5 s: ` +
      `median ${lag('p50').toFixed(1)} ms, worst ${lag('max').toFixed(1)} ms; audit: ${ask('audit').trim()}`,
  );
}

async function main(): Promise<void> {
  try {
    const peerPort = await listen(peerServer);
    const stalledPort = await listen(stalled);
    await measure('alone', [], peerPort);
    const dead = ['influx+udp://127.0.0.1:9', `line+tcp://127.0.0.1:${stalledPort}?timeout=5`];
    await measure('dead', dead, peerPort);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

endAllAtSignal();
void main().then(() => process.exit());
