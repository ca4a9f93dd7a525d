// The thread of scripts/fuzz.ts that decodes the inputs. It is separate so that the main thread can notice an
// endless loop or a full heap and name the input.
import { parentPort, workerData } from 'node:worker_threads';
import { hashBytes } from '#dist/wire/merkle';
import { PartialBlock } from '#dist/p2p/compact/partial-block';
import { type Block, parseBlock } from '#dist/wire/block';
import { DecodeError } from '#dist/wire/decode-error';
import { encodeFrame, FrameReader } from '#dist/wire/framing';
import type { MessageOf } from '#dist/wire/messages/table';
import { NETWORKS } from '#dist/wire/networks';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import { messageOf } from '../support/options';
import { readCorpus } from './corpus';
import { readEncrypted } from './encrypted';
import { type Random, mutate, pick, randomOf } from './mutate';
import { readRecording } from './recording';
import { readSocksAnswers } from './socks';
import { type Target, judgeBlock, judgeTransaction, TARGETS } from './targets';

/** What the thread is started with: the inputs to run, and where it writes the index of the current one. */
export interface FuzzOrder {
  readonly seed: number;
  readonly from: number;
  readonly runs: number;
  /** Eight bytes: the index of the current input as a BigInt64. */
  readonly shared: SharedArrayBuffer;
}

/** The only message of the thread: the first input that failed, or the counts when all inputs passed. */
export type FuzzNews =
  | {
      readonly failed: string;
      readonly stack: string | undefined;
      readonly index: number;
      /** The first bytes of the payload. */
      readonly hex: string;
    }
  | {
      readonly decoded: number;
      readonly rebuilt: number;
      /** The time of the slowest input in milliseconds, and its index. */
      readonly slowest: number;
      readonly slowestIndex: number;
    };

function tell(news: FuzzNews): void {
  parentPort?.postMessage(news);
}

/** One input in this many is a whole block. */
const BLOCK_EVERY = 20_000;

/** One decoded value in this many is walked through. A walk takes longer than the decoding. */
const WALK_EVERY = 16;

/** One input in this many goes through an encrypted connection. A key exchange takes a thousand decodings. */
const ENCRYPT_EVERY = 4_096;

/** One input in this many goes to a client of a SOCKS proxy. Each leaves a timer behind. */
const SOCKS_EVERY = 1_024;

/** One input in this many is the message of a recording, which is damaged. */
const RECORD_EVERY = 512;

const { seed, from, runs, shared } = workerData as FuzzOrder;
const progress = new BigInt64Array(shared);
const { small, blocks } = readCorpus();
const commands = [...small.keys()];
const targets = new Map(TARGETS.map((target) => [target.command, target]));

// A decoder runs without stack traces. Nobody reads that of a refusal, and it is most of the cost of one.
const stackTraceLimit = Error.stackTraceLimit;

/** Throws if a decoded value contains NaN, undefined, or bytes from outside the payload. */
function walk(value: unknown, payload: Buffer): void {
  if (Buffer.isBuffer(value)) {
    const end = payload.byteOffset + payload.length;
    if (
      value.length > 0 &&
      (value.buffer !== payload.buffer ||
        value.byteOffset < payload.byteOffset ||
        value.byteOffset + value.length > end)
    )
      throw new Error('a view beyond the payload');
  } else if (Number.isNaN(value) || value === undefined) throw new Error(`${String(value)} in the value`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, field] of Object.entries(value)) if (!key.startsWith('cached')) walk(field, payload);
}

/** The transactions of the corpus. Compact blocks are rebuilt from them. */
const relayed = (small.get('tx') ?? []).flatMap((payload) => {
  try {
    return [parseTransaction(payload)];
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
});
const wtxids = hashBytes(relayed.map(({ wireWtxid }) => wireWtxid));
const relayedAt = (handle: number): Transaction => {
  const transaction = relayed[handle];
  if (transaction === undefined) throw new Error(`there is no transaction ${handle}`);
  return transaction;
};
const source: Parameters<typeof PartialBlock.from>[1] = {
  handles: relayed.length,
  each: (visit, from = 0, to = Infinity) => {
    const memory = new DataView(wtxids.buffer, wtxids.byteOffset, wtxids.length);
    for (let i = from; i < Math.min(to, relayed.length); i++) if (!visit(memory, 32 * i, i)) return;
  },
  logNew: () => ({ handles: new Set(), end: () => undefined }),
  size: (handle) => relayedAt(handle).size,
  copy: (handle, target, at) => relayedAt(handle).bytes.copy(target, at),
};

/** Rebuilds a compact block if all of its transactions are known, and parses the result. */
function rebuild(message: MessageOf<'cmpctblock'>): void {
  const partial = PartialBlock.from(message, source);
  if (partial === undefined || partial.missing.length > 0) return;
  const { transactions } = parseBlock(partial.serialize());
  if (transactions.length !== message.shortIds.length + message.prefilled.length)
    throw new Error('the rebuilt block has other transactions than the compact block');
  rebuilt++;
}

/** Reads the properties that a transaction computes on access. */
function ask({ txid, wtxid, weight, inputs, outputs }: Transaction): unknown {
  return [
    txid,
    wtxid,
    weight,
    inputs.map((i) => [i.prevTxid, i.sequence]),
    outputs.map((o) => [o.value, o.multisig]),
  ];
}

/** The transactions of a decoded message. */
function transactionsOf(command: string, value: unknown): readonly Transaction[] {
  if (command === 'tx') return [value as Transaction];
  if (typeof value !== 'object' || value === null || !('transactions' in value)) return [];
  return Array.isArray(value.transactions) ? (value.transactions as readonly Transaction[]) : [];
}

/**
 * Returns whether a payload was decoded. If `walked` is set, everything in the decoded value is checked.
 * @throws Error that names the command, for any error other than the decoder's refusal
 */
function decode({ command, read, refusal }: Target, payload: Buffer, walked: boolean): boolean {
  Error.stackTraceLimit = 0;
  let value: unknown;
  try {
    value = read(payload);
  } catch (error) {
    if (error instanceof refusal) return false;
    throw new Error(`${command} threw ${String(error)}`, { cause: error });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  try {
    if (command === 'cmpctblock') rebuild(value as MessageOf<'cmpctblock'>);
    if (!walked) return true;
    walk(value, payload);
    for (const transaction of transactionsOf(command, value)) {
      ask(transaction);
      judgeTransaction(transaction);
    }
    if (command === 'block') judgeBlock(value as Block);
  } catch (error) {
    throw new Error(`${command}: ${messageOf(error)}`, { cause: error });
  }
  return true;
}

/**
 * Passes a damaged frame to a frame reader in two chunks. The reader must not throw, and must return only
 * bytes of the frame.
 */
function readFrame(command: string, payload: Buffer, random: Random): void {
  const { magic } = NETWORKS.mainnet;
  const frame = encodeFrame(magic, command, payload);
  if (random(2) === 0) frame[random(24)] = random(256);
  const reader = new FrameReader(magic, {
    arrived: (name, bytes) => {
      if (name.length > 12 || bytes > frame.length) throw new Error(`a frame of ${bytes} bytes, ${name}`);
    },
    message: (_, found) => {
      if (!found.equals(payload.subarray(0, found.length))) throw new Error('a payload of other bytes');
    },
    violation: () => undefined,
  });
  const cut = random(frame.length);
  reader.push(frame.subarray(0, cut));
  reader.push(frame.subarray(cut));
}

/** The payload of input `index`, and the command of the original payload. */
function inputOf(random: Random, index: number): { readonly command: string; readonly payload: Buffer } {
  if (blocks.length > 0 && index % BLOCK_EVERY === BLOCK_EVERY - 1) {
    const block = pick(blocks, random);
    return { command: 'block', payload: mutate(block, block, random, true) };
  }
  const draw = (): { readonly command: string; readonly payload: Buffer } => {
    const command = pick(commands, random);
    return { command, payload: pick(small.get(command) ?? [], random) };
  };
  const { command, payload } = draw();
  return { command, payload: mutate(payload, draw().payload, random, false) };
}

let decoded = 0;
let rebuilt = 0;
let slowest = 0;
let slowestIndex = from;
for (let index = from; index < from + runs; index++) {
  progress[0] = BigInt(index);
  const random = randomOf(seed, index);
  const { command, payload } = inputOf(random, index);
  const start = performance.now();
  try {
    const walked = index % WALK_EVERY === 0;
    const target = targets.get(command);
    if (target === undefined) throw new Error(`${command} has no decoder`);
    if (decode(target, payload, walked)) decoded++;
    decode(pick(TARGETS, random), payload, walked);
    if (walked) readFrame(command, payload, random);
    if (index % ENCRYPT_EVERY === 0) readEncrypted(command, payload, random);
    if (index % SOCKS_EVERY === 0) readSocksAnswers(payload, random);
    if (index % RECORD_EVERY === 0) readRecording(command, payload, random);
  } catch (error) {
    tell({
      failed: messageOf(error),
      stack: error instanceof Error && error.cause instanceof Error ? error.cause.stack : undefined,
      index,
      hex: payload.toString('hex', 0, 4_000),
    });
    process.exit();
  }
  const took = performance.now() - start;
  if (took > slowest) [slowest, slowestIndex] = [took, index];
}
progress[0] = BigInt(from + runs);
tell({ decoded, rebuilt, slowest, slowestIndex });
