// How far dead receivers hold the listening up: the built program beside a peer that relays transactions,
// with a UDP host where nobody listens, a TCP peer that reads nothing, and a live store. Prints the delay of
// the event loop as the series `btcdmon` has it, once without the dead receivers and once with them. Usage:
// node scripts/outage.mjs [--seconds 60] [--rate 50]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const { encodeFrame, FrameReader } = require('../dist/wire/framing.js');
const { NETWORKS } = require('../dist/wire/networks.js');

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, rate: { type: 'string', default: '50' } },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const program = new URL('../bin/btcdmon-node', import.meta.url).pathname;
const { magic } = NETWORKS.regtest;
const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-outage-'));

/** Starts to listen on loopback, and returns the port. */
const listen = async (server) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
};

/** One input, three outputs to witness v0 key hashes; `n` makes it different from all others. */
const transaction = (n) => {
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
};

const version = Buffer.alloc(86);
version.writeInt32LE(70_016, 0);
version.writeBigUInt64LE(9n, 4);
version.writeUInt8(1, 85);

let peer;
const peerServer = createServer((socket) => {
  peer = socket;
  socket.on('error', () => undefined);
  const reader = new FrameReader(magic, {
    arrived: () => undefined,
    message: (command) => {
      if (command === 'version') socket.write(encodeFrame(magic, 'version', version));
      if (command === 'verack') socket.write(encodeFrame(magic, 'verack', Buffer.alloc(0)));
    },
    violation: () => undefined,
  });
  socket.on('data', (bytes) => reader.push(bytes));
});
const stalled = createServer((socket) => socket.pause().on('error', () => undefined));

/**
 * Runs the program with these exporters besides the store, and returns the worst and the median p99 of its
 * intervals.
 */
async function measure(name, exporters, peerPort) {
  const store = `duckdb:${path.join(folder, `${name}.duckdb`)}`;
  const args = ['-n', 'regtest', '-c', `127.0.0.1:${peerPort}`, '--interval', '5s', '--log-level', 'error'];
  for (const url of [store, ...exporters]) args.push('-e', url);
  const child = spawn(process.execPath, [program, ...args, '--data-dir', path.join(folder, name)], {
    stdio: 'inherit',
  });
  await sleep(3_000);
  const from = new Date();
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < seconds * 1_000) {
    for (const due = ((performance.now() - start) / 1_000) * rate; sent < due; sent++)
      peer.write(encodeFrame(magic, 'tx', transaction(sent + 1)));
    await sleep(10);
  }
  await sleep(5_500);
  child.kill('SIGTERM');
  await once(child, 'exit');
  const query = (...words) =>
    spawnSync(process.execPath, [program, ...words, '--from', store], { encoding: 'utf8' });
  const since = ['--since', from.toISOString(), '--format', 'csv'];
  const lag = (fn) =>
    Number(query('query', 'btcdmon', '--agg', fn, 'loop_lag_p99', ...since).stdout.split('\r\n')[1]);
  console.log(
    `${name.padEnd(8)} ${sent} transactions, ${sent * 5} points of them; loop_lag_p99 of intervals of 5 s: ` +
      `median ${lag('p50').toFixed(1)} ms, worst ${lag('max').toFixed(1)} ms; audit: ${query('audit').stdout.trim()}`,
  );
}

try {
  const [peerPort, stalledPort] = [await listen(peerServer), await listen(stalled)];
  await measure('alone', [], peerPort);
  const dead = ['influx+udp://127.0.0.1:9', `line+tcp://127.0.0.1:${stalledPort}?timeout=5`];
  await measure('dead', dead, peerPort);
} finally {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
