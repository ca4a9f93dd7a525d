// What a recording costs, and how fast it is replayed. All times are processor time.
// 1. How fast ways to compress are on the messages of a recording, and what they save.
// 2. What recording costs at 10 MB/s of messages: in the loop of the program, and in the threads of zlib. Of
//    relay (announcements and transactions) and of whole blocks.
// 3. How many MB/s of messages a replay takes on one core, and what sets that: reading and decoding alone.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as zlib from 'node:zlib';
import { replay } from '#dist/app/replaying';
import { SystemClock } from '#dist/lib/clock';
import { createLog } from '#dist/lib/log';
import type { PeerInfo } from '#dist/p2p/p2p-events';
import { recordFiles } from '#dist/record/file-names';
import { KIND, readMessage, readRecords } from '#dist/record/record';
import { readBlocks } from '#dist/record/record-reader';
import { RecordWriter } from '#dist/record/record-writer';
import { Recorder } from '#dist/record/recorder';
import { INV_WTX, encodeInventory } from '#dist/wire/messages/inventory';
import { decodeVersion } from '#dist/wire/messages/version';
import { DECODERS, isDecoded } from '#dist/wire/messages/table';
import type { Transaction } from '#dist/wire/transaction';
import { median } from './support/median';
import { makeTransaction } from './support/transactions';

const PEERS = 8;
const TRANSACTIONS = 40_000;
const BLOCKS = 50;
const ROUNDS = 5;
const RATE = 10e6;

const START = {
  ...{ format: 1, program: '0', network: 'mainnet', node: 'bench', startedMs: 1, intervalMs: 5_000 },
  ...{ policy: 'btcd', maxUserAgents: 200, mempoolBytes: 100_000_000, hasAsMap: false, isFull: false },
  ...{ isWhole: true, peers: [] },
};

const DATA = path.join(__dirname, '../../shared/data/blocks');
const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-bench-record-'));
const transactions = Array.from({ length: TRANSACTIONS }, () => makeTransaction([]));
const blocks = existsSync(DATA)
  ? readdirSync(DATA)
      .map((name) => readFileSync(path.join(DATA, name)))
      .filter(({ length }) => length > 500_000)
  : [Buffer.concat(transactions.slice(0, 3_000).map(({ bytes }) => bytes))];
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

interface Open {
  readonly writer: RecordWriter;
  readonly recorder: Recorder;
  readonly peers: readonly PeerInfo[];
  readonly directory: string;
}

async function open(name: string): Promise<Open> {
  const directory = path.join(folder, name);
  const clock = new SystemClock();
  const writer = await RecordWriter.open(
    { directory, maxBytes: 1e12, startedMs: 1, start: () => START },
    { warn: console.error, monotonicMs: () => clock.monotonicMs(), nowNs: () => clock.uniqueNs() },
  );
  const recorder = new Recorder({ only: null }, { writer, clock });
  const claims = decodeVersion(VERSION);
  const peers = Array.from({ length: PEERS }, (_, i) => ({
    ...{ id: i + 1, address: `192.0.2.${i + 1}:8333`, outbound: true, claims },
  }));
  recorder.run('setUp', {}, nothing);
  for (const peer of peers) {
    recorder.event('opened', { peer }, nothing);
    came(recorder, peer, 'version', VERSION);
    recorder.event('handshake', { peer, claims }, nothing);
  }
  return { writer, recorder, peers, directory };
}

function came(recorder: Recorder, peer: PeerInfo, command: string, payload: Buffer): void {
  recorder.event('bytesRead', { peer, bytes: payload.length + 24 }, nothing);
  recorder.arrived(peer, command, payload.length + 24);
  recorder.message(peer, payload);
}

/** Records a transaction as peers relay it: all announce it, one is asked for it and sends it. */
function relay({ recorder, peers }: Open, transaction: Transaction, i: number): number {
  const items = [{ type: INV_WTX, hash: transaction.wireWtxid }];
  const inv = encodeInventory(items);
  for (const peer of peers) {
    came(recorder, peer, 'inv', inv);
    recorder.event('announced', { peer, items, known: peer.id === 1 ? 0 : 1 }, nothing);
  }
  const peer = pick(peers, i);
  recorder.sent(peer, 'getdata', inv, 24 + inv.length);
  recorder.event('bytesWritten', { peer, bytes: 24 + inv.length }, nothing);
  recorder.event('requested', { peer, count: 1 }, nothing);
  came(recorder, peer, 'tx', transaction.bytes);
  recorder.event('transaction', { peer, transaction, first: true, receivedMs: performance.now() }, () => {
    // Seven points, and the times of the checks.
    for (let n = 0; n < 7; n++) recorder.clock.uniqueNs();
    for (let n = 0; n < 3; n++) recorder.clock.monotonicMs();
  });
  return (PEERS + 1) * (24 + inv.length) + 24 + transaction.bytes.length;
}

/** Records traffic. Returns its bytes, and the processor time of the loop and of everything. */
async function record(
  name: string,
  traffic: (opened: Open) => number,
): Promise<{
  readonly bytes: number;
  readonly loopMs: number;
  readonly allMs: number;
  readonly directory: string;
}> {
  const opened = await open(name);
  const began = processorMs();
  let bytes = 0;
  let loopMs = 0;
  for (let part = 0; part < 10; part++) {
    // Nothing is compressed or written before this turn of the loop ends.
    const before = processorMs();
    bytes += traffic(opened);
    loopMs += processorMs() - before;
    await opened.writer.drained();
  }
  await opened.writer.close();
  return { bytes, loopMs, allMs: processorMs() - began, directory: opened.directory };
}

/** The processor time of the same traffic where nothing records it: that of the benchmark itself. */
function unrecordedMs(traffic: (opened: Open) => number): number {
  const clock = new SystemClock();
  const recorder = {
    ...{ clock, arrived: nothing, message: nothing, sent: nothing },
    event: (_event: string, _payload: unknown, action: () => void) => action(),
  };
  const claims = decodeVersion(VERSION);
  const peers = Array.from({ length: PEERS }, (_, i) => ({
    ...{ id: i + 1, address: `192.0.2.${i + 1}:8333`, outbound: true, claims },
  }));
  const before = processorMs();
  const opened = { recorder: recorder as unknown as Recorder, peers };
  for (let part = 0; part < 10; part++) traffic(opened as unknown as Open);
  return processorMs() - before;
}

let at = 0;
const relayTraffic = (opened: Open): number => {
  let bytes = 0;
  for (let i = 0; i < TRANSACTIONS / 10; i++) {
    const transaction = transactions[at++ % TRANSACTIONS];
    if (transaction !== undefined) bytes += relay(opened, transaction, i);
  }
  return bytes;
};
const blockTraffic = ({ recorder, peers }: Open): number => {
  let bytes = 0;
  for (let i = 0; i < BLOCKS / 10; i++) {
    const block = blocks[i % blocks.length] as Buffer;
    const peer = pick(peers, 0);
    came(recorder, peer, 'block', block);
    const receivedMs = performance.now();
    recorder.event('block', { peer, block: null, first: true, requested: true, receivedMs }, nothing);
    bytes += block.length;
  }
  return bytes;
};

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
    ['relay', relayTraffic],
    ['blocks', blockTraffic],
  ] as const) {
    const rounds: Awaited<ReturnType<typeof record>>[] = [];
    const without: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push(await record(`${name}-${round}`, traffic));
      without.push(unrecordedMs(traffic));
    }
    const bytes = rounds[0]?.bytes ?? 1;
    const loop = median(rounds.map(({ loopMs }) => loopMs));
    const all = median(rounds.map(({ allMs }) => allMs));
    console.log(
      `recording ${name}, ${(bytes / 1e6).toFixed(0)} MB: at 10 MB/s ${percent(loop, bytes)} of a core in the loop, ` +
        `${percent(all, bytes)} with the threads that compress and write; the traffic itself ` +
        `${percent(median(without), bytes)}, which is in both`,
    );
    const directory = rounds[0]?.directory ?? '';
    const raws = await rawsOf(directory);
    const sample = raws.slice(0, 40).map(({ raw }) => raw);
    compare(name, sample);
    await replayed(name, directory, raws);
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
