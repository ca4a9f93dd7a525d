// What a recording costs, and how fast it is replayed. All times are processor time.
// 1. What recording costs at 10 MB/s of messages: in the loop of the program, and in the whole process with
//    the threads of zlib; both without what the same traffic takes where nothing records it. The best of
//    some rounds counts, because other programs on the machine only add.
//    Of relay as Core sends it (peers announce in batches: of 12, as in the recorded session of Core 31, and
//    of 35, as a trickle of 5 s holds of 7 transactions a second), of transactions that are announced one by
//    one, the smallest messages that there are, and of whole blocks.
// 2. How many MB/s of messages a replay takes on one core, and what sets that: reading and decoding alone.
// 3. How fast ways to compress are on the messages of a recording, and what they save.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as zlib from 'node:zlib';
import { replay } from '#dist/app/replaying';
import { type Clock, SystemClock } from '#dist/lib/clock';
import { EventBus } from '#dist/lib/event-bus';
import { createLog } from '#dist/lib/log';
import type { P2PEvents, PeerInfo } from '#dist/p2p/p2p-events';
import { recordFiles } from '#dist/record/file-names';
import { KIND, readMessage, readRecords } from '#dist/record/record';
import { readBlocks } from '#dist/record/record-reader';
import { RecordWriter } from '#dist/record/record-writer';
import { RecordedBus } from '#dist/record/recorded-bus';
import { Recorder } from '#dist/record/recorder';
import { parseBlock } from '#dist/wire/block';
import type { Command } from '#dist/wire/commands';
import { INV_WTX, encodeInventory, type InventoryItem } from '#dist/wire/messages/inventory';
import { decodeVersion } from '#dist/wire/messages/version';
import { DECODERS, isDecoded } from '#dist/wire/messages/table';
import type { Transaction } from '#dist/wire/transaction';
import { makeTransaction } from './support/transactions';

const PEERS = 8;
const TRANSACTIONS = 40_000;
const BLOCKS = 50;
const ROUNDS = 8;
const PARTS = 10;
const RATE = 10e6;

const START = {
  ...{ format: 1, program: '0', network: 'mainnet', node: 'bench', startedMs: 1, intervalMs: 5_000 },
  ...{ policy: 'btcd', maxUserAgents: 200, mempoolBytes: 100_000_000, hasAsMap: false, isFull: false },
  ...{ isWhole: true, peers: [] },
};

const DATA = path.join(__dirname, '../../shared/data/blocks');
const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bench-record-'));
const transactions = Array.from({ length: TRANSACTIONS }, () => makeTransaction([]));
const blocks = readdirSync(DATA)
  .map((name) => readFileSync(path.join(DATA, name)))
  .filter(({ length }) => length > 500_000)
  .map((raw) => ({ raw, block: parseBlock(raw) }));
const VERSION = Buffer.concat([Buffer.from('80110100', 'hex'), Buffer.alloc(81)]);

/** Processor time of the program in milliseconds, with that of its threads. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const nothing = (): void => undefined;

/** One after the other of a list. */
function pick<T>(list: readonly T[], i: number): T {
  const found = list[i % list.length];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
}

/** What messages go to; without a recorder they are only told. */
interface Target {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Clock;
  readonly recorder: Recorder | null;
}

/** Gives a part of the traffic, and returns its bytes. */
type Traffic = (target: Target, part: number) => number;

const CLAIMS = decodeVersion(VERSION);
const peers: readonly PeerInfo[] = Array.from({ length: PEERS }, (_, i) => ({
  ...{ id: i + 1, address: `192.0.2.${i + 1}:8333`, outbound: true, claims: CLAIMS },
}));

function connect(target: Target): void {
  for (const peer of peers) {
    target.bus.emit('opened', { peer });
    came(target, peer, 'version', VERSION);
    target.bus.emit('handshake', { peer, claims: CLAIMS });
  }
  // Seven points, and the times of the checks.
  target.bus.on('transaction', () => {
    for (let n = 0; n < 7; n++) target.clock.uniqueNs();
    for (let n = 0; n < 3; n++) target.clock.monotonicMs();
  });
}

/** A message comes. Returns its bytes. */
function came({ bus, recorder }: Target, peer: PeerInfo, command: Command, payload: Buffer): number {
  const bytes = 24 + payload.length;
  bus.emit('bytesRead', { peer, bytes });
  recorder?.arrived(peer, command, bytes);
  bus.emit('received', { peer, command, bytes });
  recorder?.message(peer, payload);
  return bytes;
}

/** A batch of transactions as peers relay it: all announce it, one is asked for it and sends it. */
interface Batch {
  readonly transactions: readonly Transaction[];
  readonly items: readonly InventoryItem[];
  readonly inv: Buffer;
}

function batches(size: number): readonly Batch[] {
  return Array.from({ length: Math.floor(TRANSACTIONS / size) }, (_, i) => {
    const some = transactions.slice(i * size, (i + 1) * size);
    const items = some.map(({ wireWtxid }) => ({ type: INV_WTX, hash: wireWtxid }));
    return { transactions: some, items, inv: encodeInventory(items) };
  });
}

function relay(target: Target, { transactions: some, items, inv }: Batch, i: number): number {
  const { bus, recorder } = target;
  let bytes = 0;
  for (const peer of peers) {
    bytes += came(target, peer, 'inv', inv);
    bus.emit('announced', { peer, items, known: peer.id === 1 ? 0 : items.length });
  }
  const peer = pick(peers, i);
  const asked = { peer, bytes: 24 + inv.length };
  recorder?.sent(peer, 'getdata', inv, asked.bytes);
  bus.emit('bytesWritten', asked);
  bus.emit('sent', { ...asked, command: 'getdata' });
  bus.emit('requested', { peer, count: items.length });
  bytes += asked.bytes;
  for (const transaction of some) {
    bytes += came(target, peer, 'tx', transaction.bytes);
    bus.emit('transaction', { peer, transaction, first: true, receivedMs: target.clock.monotonicMs() });
  }
  return bytes;
}

function relayTraffic(size: number): Traffic {
  const all = batches(size);
  return (target, part) => {
    let bytes = 0;
    for (let i = part; i < all.length; i += PARTS) bytes += relay(target, pick(all, i), i);
    return bytes;
  };
}

const blockTraffic: Traffic = (target) => {
  let bytes = 0;
  for (let i = 0; i < BLOCKS / PARTS; i++) {
    const { raw, block } = pick(blocks, i);
    const peer = pick(peers, 0);
    bytes += came(target, peer, 'block', raw);
    const receivedMs = target.clock.monotonicMs();
    target.bus.emit('block', { peer, block, first: true, requested: true, receivedMs });
  }
  return bytes;
};

/** The bytes of some traffic, and milliseconds of the loop and of the whole process. */
interface Cost {
  readonly bytes: number;
  readonly loopMs: number;
  readonly allMs: number;
}

async function record(directory: string, traffic: Traffic): Promise<Cost> {
  const clock = new SystemClock();
  const taken = (): number => writer?.taken ?? 0;
  let writer: RecordWriter | null = null;
  writer = await RecordWriter.open(
    { directory, maxBytes: 1e12, startedMs: 1, start: () => START },
    {
      // The writer's clock goes as if the traffic came at that rate.
      ...{ warn: console.error, nowNs: () => clock.uniqueNs(), monotonicMs: () => (taken() / RATE) * 1_000 },
    },
  );
  const recorder = new Recorder({ only: null }, { writer, clock });
  recorder.run('setUp', {}, nothing);
  const target = { bus: new RecordedBus<P2PEvents>(recorder), clock: recorder.clock, recorder };
  connect(target);
  const began = processorMs();
  let bytes = 0;
  let loopMs = 0;
  for (let part = 0; part < PARTS; part++) {
    // Nothing is compressed or written before this turn of the loop ends.
    const before = processorMs();
    bytes += traffic(target, part);
    loopMs += processorMs() - before;
    await writer.drained();
  }
  recorder.settle();
  await writer.close();
  return { bytes, loopMs, allMs: processorMs() - began };
}

/** The same traffic where nothing records it: the work of the benchmark itself. */
function unrecordedMs(traffic: Traffic): number {
  const target = { bus: new EventBus<P2PEvents>(), clock: new SystemClock(), recorder: null };
  connect(target);
  const before = processorMs();
  for (let part = 0; part < PARTS; part++) traffic(target, part);
  return processorMs() - before;
}

async function rawsOf(directory: string): Promise<{ readonly raw: Buffer; readonly timeNs: bigint }[]> {
  const raws: { raw: Buffer; timeNs: bigint }[] = [];
  for (const file of await recordFiles(directory))
    for await (const found of readBlocks(file.path, file.path))
      if (found.kind === 'block') raws.push({ raw: found.raw, timeNs: found.head.timeNs });
  return raws;
}

function percent(ms: number, bytes: number): string {
  return `${((ms / (bytes / RATE) / 1_000) * 100).toFixed(1)} %`;
}

async function main(): Promise<void> {
  for (const [name, traffic] of [
    ['relay in batches of 12', relayTraffic(12)],
    ['relay in batches of 35', relayTraffic(35)],
    ['relay one by one', relayTraffic(1)],
    ['blocks', blockTraffic],
  ] as const) {
    const directory = path.join(folder, name);
    const rounds: Cost[] = [];
    const without: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rmSync(directory, { recursive: true, force: true });
      rounds.push(await record(directory, traffic));
      without.push(unrecordedMs(traffic));
    }
    const bytes = rounds[0]?.bytes ?? 1;
    const own = Math.min(...without);
    const loop = Math.min(...rounds.map(({ loopMs }) => loopMs)) - own;
    const all = Math.min(...rounds.map(({ allMs }) => allMs)) - own;
    console.log(
      `recording ${name}, ${(bytes / 1e6).toFixed(0)} MB: at 10 MB/s ${percent(loop, bytes)} of a core in the loop, ` +
        `${percent(all, bytes)} with the threads that compress and write; the traffic itself takes ` +
        `${percent(own, bytes)} besides`,
    );
    const raws = await rawsOf(directory);
    await replayed(name, directory, raws);
    compare(
      name,
      raws.slice(0, 40).map(({ raw }) => raw),
    );
  }
}

/** How fast ways to compress are, and what is left. */
function compare(name: string, sample: readonly Buffer[]): void {
  const total = sample.reduce((sum, { length }) => sum + length, 0);
  const brotli = (quality: number) => (raw: Buffer) =>
    zlib.brotliCompressSync(raw, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality } });
  const ways: readonly (readonly [string, (raw: Buffer) => Buffer])[] = [
    ...[0, 1, 3, 6].map(
      (level) => [`gzip ${level}`, (raw: Buffer) => zlib.gzipSync(raw, { level })] as const,
    ),
    ...[0, 1, 3].map((quality) => [`brotli ${quality}`, brotli(quality)] as const),
  ];
  for (const [way, compress] of ways) {
    const before = processorMs();
    const left = sample.reduce((sum, raw) => sum + compress(raw).length, 0);
    const ms = processorMs() - before;
    console.log(
      `  ${way.padEnd(9)} ${(total / 1e3 / ms).toFixed(0).padStart(4)} MB/s, ${((left / total) * 100).toFixed(0)} % left of ${name}`,
    );
  }
}

/** How fast a recording is replayed, and its parts. */
async function replayed(
  name: string,
  directory: string,
  raws: readonly { readonly raw: Buffer; readonly timeNs: bigint }[],
): Promise<void> {
  let bytes = 0;
  let before = processorMs();
  await rawsOf(directory);
  const readMs = processorMs() - before;
  before = processorMs();
  for (const { raw, timeNs } of raws)
    readRecords(raw, timeNs, (stored) => {
      if (stored.kind !== KIND.in) return;
      const message = readMessage(stored);
      if (message === null) return;
      bytes += message.bytes;
      if (isDecoded(message.command)) DECODERS[message.command](message.payload);
    });
  const decodeMs = processorMs() - before;
  let points = 0;
  before = processorMs();
  const since = performance.now();
  const { counts } = await replay(
    { directory, speed: Infinity },
    {
      log: createLog('error'),
      signal: new AbortController().signal,
      sink: () => ({ push: () => points++ }),
      ready: () => Promise.resolve(),
    },
  );
  const allMs = processorMs() - before;
  const elapsedMs = performance.now() - since;
  const speed = (ms: number, of = bytes): string => `${(of / 1e3 / ms).toFixed(0)} MB/s`;
  console.log(
    `replay of ${name}: ${speed(allMs, counts.bytes)} of messages (${(counts.messages / allMs).toFixed(0)} messages and ` +
      `${(points / allMs).toFixed(0)} points a millisecond) of processor time, ${speed(elapsedMs, counts.bytes)} by the clock; ` +
      `reading alone ${speed(readMs)}, decoding alone ${speed(decodeMs)}`,
  );
}

main()
  .finally(() => rmSync(folder, { recursive: true, force: true }))
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
