// Measures what strangers that flood cost the other peers of one listener. The peers run in several
// processes. Measures how long an honest peer waits for its pong alone, beside 8 peers that flood pings, and
// beside those and 4 that flood inv; how much memory 60 peers take that never read; and how many transactions
// of a peer that we dialled arrive while three others flood transactions. BTCDMON_ROOT is the checkout whose
// program is measured (default: this one).
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame, FrameReader } from '#dist/wire/framing';
import type { Hash } from '#dist/wire/hash';
import { decodeInventory, encodeInventory, INV_WTX } from '#dist/wire/messages/inventory';
import { NETWORKS } from '#dist/wire/networks';
import { parseTransaction } from '#dist/wire/transaction';
import { versionPayload } from '../test/support/fake-peer';
import { freePort } from '../test/support/free-port';
import { memoryOf } from '../test/support/proc';
import type { FloodEnd, FloodKind } from './support/stranger-flood';

const ROOT = process.env['BTCDMON_ROOT'] ?? path.join(__dirname, '..');
const FLOOD = path.join(__dirname, 'support', 'stranger-flood.ts');

const { magic } = NETWORKS.regtest;
const PING_MS = 50;
const SECONDS = Number(process.env['SECONDS'] ?? 15);
type Send = (command: string, payload?: Buffer) => void;

/**
 * One end of a connection: answers pings and passes all messages to `onMessage`. Returns a function that
 * sends a message.
 */
function speak(socket: Socket, onMessage: (send: Send, command: string, payload: Buffer) => void): Send {
  const send: Send = (command, payload = Buffer.alloc(0)) => {
    socket.write(encodeFrame(magic, command, payload));
  };
  const reader = new FrameReader(magic, {
    arrived: () => undefined,
    message: (command, payload) => {
      if (command === 'ping') send('pong', payload);
      onMessage(send, command, payload);
    },
    violation: (reason) => {
      throw new Error(reason);
    },
  });
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => reader.push(chunk));
  return send;
}

/** A transaction of one input and two outputs. */
function makeTransaction(): { readonly raw: Buffer; readonly hash: Hash } {
  const head = Buffer.from(`0200000001${'00'.repeat(36)}00ffffffff02`, 'hex');
  randomBytes(32).copy(head, 5);
  const raw = Buffer.concat([head, Buffer.alloc(18), Buffer.alloc(4)]);
  return { raw, hash: parseTransaction(raw).wireWtxid };
}

/** A peer that the listener dials. */
interface KeptPeer {
  readonly port: number;
  /** Its transactions, by the hash that it announces. */
  readonly made: ReadonlyMap<Hash, Buffer>;
  /** Announces a new transaction. */
  announce(): void;
  stop(): void;
}

async function keptPeer(): Promise<KeptPeer> {
  const made = new Map<Hash, Buffer>();
  let announce: (() => void) | undefined;
  const server = createServer((socket) => {
    speak(socket, (send, command, payload) => {
      if (command === 'version') {
        send('version', versionPayload());
        send('wtxidrelay');
      }
      if (command === 'verack') {
        send('verack');
        announce = () => {
          const { raw, hash } = makeTransaction();
          made.set(hash, raw);
          send('inv', encodeInventory([{ type: INV_WTX, hash }]));
        };
      }
      if (command === 'getdata')
        for (const { hash } of decodeInventory(payload)) {
          const raw = made.get(hash);
          if (raw !== undefined) send('tx', raw);
        }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    made,
    announce: () => announce?.(),
    stop: () => void server.close(),
  };
}

/** The listener with a kept peer. */
interface Listener {
  readonly port: number;
  readonly kept: KeptPeer;
  /** Resident memory in MB. */
  rss(): number;
  /** Its points so far, in line protocol. */
  points(): string;
  stop(): Promise<void>;
}

async function startListener(folder: string): Promise<Listener> {
  const kept = await keptPeer();
  const port = await freePort();
  const out = path.join(folder, `points-${port}`);
  const args = ['--network', 'regtest', '--connect', `127.0.0.1:${kept.port}`, '--listen', String(port)];
  const child = spawn(
    process.execPath,
    [`${ROOT}/bin/btcdmon-node`, ...args, '--export', 'stdout:', '--interval', '1s', '--max-inbound', '125'],
    {
      stdio: ['ignore', openSync(out, 'w'), 'ignore'],
      env: { PATH: process.env['PATH'], HOME: folder, BTCDMON_HTTP: 'off', BTCDMON_TRANSPORT: 'v1' },
    },
  );
  await sleep(2_500);
  return {
    port,
    kept,
    rss: () => memoryOf(child.pid).resident / 1e6,
    points: () => readFileSync(out, 'utf8'),
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      kept.stop();
    },
  };
}

/** Starts strangers that flood. Returns a function that stops them. */
function flood(port: number, kind: FloodKind, count: number): () => Promise<FloodEnd> {
  const args = [...process.execArgv, FLOOD, String(port), kind, String(count)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return async () => {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    return JSON.parse(text) as FloodEnd;
  };
}

/** Round-trip times in milliseconds. */
interface RoundTrips {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** An honest peer that dials the listener and pings it. */
interface Pinger {
  run(seconds: number): Promise<RoundTrips>;
  stop(): void;
}

async function startPinger(port: number): Promise<Pinger> {
  const sent = new Map<number, number>();
  const times: number[] = [];
  let nonce = 0;
  const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  await once(socket, 'connect');
  const send = speak(socket, (_, command, payload) => {
    if (command === 'version') send('verack');
    if (command !== 'pong') return;
    const at = sent.get(payload.readUInt32LE(0));
    if (at !== undefined) times.push(performance.now() - at);
    sent.delete(payload.readUInt32LE(0));
  });
  send('version', versionPayload());
  await sleep(500);
  return {
    run: async (seconds) => {
      times.length = 0;
      const until = performance.now() + 1_000 * seconds;
      while (performance.now() < until) {
        const payload = Buffer.alloc(8);
        payload.writeUInt32LE(++nonce, 0);
        sent.set(nonce, performance.now());
        send('ping', payload);
        await sleep(PING_MS);
      }
      await sleep(500);
      for (const at of sent.values()) times.push(performance.now() - at);
      sent.clear();
      const sorted = [...times].sort((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
      return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
    },
    stop: () => void socket.destroy(),
  };
}

const fixed = (value: number): string => value.toFixed(1);
/** Measures how long an honest peer waits for its pong beside strangers that flood. */
async function measurePongs(folder: string): Promise<void> {
  const listener = await startListener(folder);
  const honest = await startPinger(listener.port);
  const alone = await honest.run(5);
  const pings = ['ping', 8] as const;
  for (const kinds of [[pings], [pings, ['inv', 4] as const]]) {
    const floods = kinds.map(([kind, count]) => flood(listener.port, kind, count));
    await sleep(1_500);
    const beside = await honest.run(SECONDS);
    const ends = await Promise.all(floods.map((stop) => stop()));
    console.log(
      `strangers: pong beside ${kinds.map(([kind, count]) => `${count} that flood ${kind}`).join(' and ')}: ` +
        `p50 ${fixed(beside.p50)}, p99 ${fixed(beside.p99)}, max ${fixed(beside.max)} ms of ${beside.count} ` +
        `(alone p99 ${fixed(alone.p99)}); ended ${ends.map(({ ends: times }) => times).join(', ')}`,
    );
    await sleep(2_000);
  }
  honest.stop();
  await listener.stop();
}

/** Measures how much memory strangers take that never read. */
async function measureUnread(folder: string): Promise<void> {
  const listener = await startListener(folder);
  const before = listener.rss();
  let peak = before;
  const stop = flood(listener.port, 'unread', 60);
  for (let i = 0; i < SECONDS * 10; i++) {
    await sleep(100);
    peak = Math.max(peak, listener.rss());
  }
  const { ends } = await stop();
  console.log(
    `strangers: 60 that never read: ${fixed(peak)} MB at most, ${fixed(before)} before; ended ${ends} times`,
  );
  await listener.stop();
}

/** Measures how many transactions of a dialled peer arrive beside strangers that flood transactions. */
async function measureTransactions(folder: string): Promise<void> {
  const listener = await startListener(folder);
  const { kept } = listener;
  const stop = flood(listener.port, 'tx', 3);
  await sleep(1_500);
  // 20 transactions a second.
  for (let i = 0; i < SECONDS * 20; i++) {
    kept.announce();
    await sleep(50);
  }
  const { ends } = await stop();
  await sleep(3_000);
  await listener.stop();
  const text = listener.points();
  const there = [...kept.made.values()].filter((raw) => text.includes(parseTransaction(raw).txid));
  const last = (pattern: RegExp): string => [...text.matchAll(pattern)].at(-1)?.[1] ?? 'unknown';
  console.log(
    `strangers: beside 3 that flood transactions, ${there.length} of ${kept.made.size} of a dialled peer arrived; ` +
      `dropped ${last(/dropped=(\d+)i/g)}, outputs shed ${last(/series=tx_outputs .*?shed=(\d+)i/g)}; ended ${ends} times`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-strangers-'));
  try {
    await measurePongs(folder);
    await measureUnread(folder);
    await measureTransactions(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
