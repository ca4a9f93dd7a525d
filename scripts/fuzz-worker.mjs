// The thread of the fuzz runner that decodes; see fuzz.mjs. It is apart so that an endless loop or a heap
// that fills up can be seen from outside and be named.
import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus } from './fuzz-corpus.mjs';
import { mutate, randomOf } from './fuzz-mutate.mjs';
import {
  DecodeError,
  encodeFrame,
  FrameReader,
  judgeBlock,
  judgeTransaction,
  NETWORKS,
  parseBlock,
  parseTransaction,
  PartialBlock,
  TARGETS,
} from './fuzz-targets.mjs';

/** One input in this many is a whole block. */
const BLOCK_EVERY = 20_000;

/** One value in this many is walked through, which takes longer than the decoding. */
const WALK_EVERY = 16;

const { seed, from, runs, shared } = workerData;
const progress = new BigInt64Array(shared);
const { small, blocks } = readCorpus();
const commands = [...small.keys()];
const targets = new Map(TARGETS.map((target) => [target.command, target]));

// Nobody reads the stacks of refusals, and taking them is most of their cost.
const stackTraceLimit = Error.stackTraceLimit;

/**
 * Throws where a value holds something that was not in the payload: bytes of elsewhere, or a number made of
 * nothing.
 */
function walk(value, payload) {
  if (Buffer.isBuffer(value)) {
    const end = payload.byteOffset + payload.length;
    if (
      value.length > 0 &&
      (value.buffer !== payload.buffer ||
        value.byteOffset < payload.byteOffset ||
        value.byteOffset + value.length > end)
    )
      throw new Error('a view beyond the payload');
  } else if (Number.isNaN(value) || value === undefined) throw new Error(`${value} in the value`);
  else if (typeof value === 'object' && value !== null)
    for (const [key, field] of Object.entries(value)) if (!key.startsWith('cached')) walk(field, payload);
}

/** The transactions of the corpus, among which those of compact blocks are looked for. */
const relayed = small.get('tx').flatMap((payload) => {
  try {
    return [parseTransaction(payload)];
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
});
const wtxids = Buffer.concat(relayed.map(({ wtxid }) => Buffer.from(wtxid, 'hex').reverse()));
const source = {
  each: (visit) => {
    const memory = new DataView(wtxids.buffer, wtxids.byteOffset, wtxids.length);
    for (let i = 0; i < relayed.length; i++) if (!visit(memory, 32 * i, i)) return;
  },
  size: (handle) => relayed[handle].size,
  copy: (handle, target, at) => relayed[handle].bytes.copy(target, at),
};

/** Rebuilds a block as far as that goes; what is rebuilt can be read. */
function rebuild(message) {
  const partial = PartialBlock.from(message, source);
  if (partial === undefined || partial.missing.length > 0) return;
  const { transactions } = parseBlock(partial.serialize());
  if (transactions.length !== message.shortIds.length + message.prefilled.length)
    throw new Error('a block with other transactions than the compact one');
  rebuilt++;
}

/** What is computed of a transaction only when it is asked for. */
function ask({ txid, wtxid, weight, inputs, outputs }) {
  return [
    txid,
    wtxid,
    weight,
    inputs.map((i) => [i.prevTxid, i.sequence]),
    outputs.map((o) => [o.value, o.multisig]),
  ];
}

function decode({ command, read, refusal }, payload, walked) {
  Error.stackTraceLimit = 0;
  let value;
  try {
    value = read(payload);
  } catch (error) {
    if (error instanceof refusal) return false;
    throw new Error(`${command} threw ${error.name}: ${error.message}`, { cause: error });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  try {
    if (command === 'cmpctblock') rebuild(value);
    if (!walked) return true;
    walk(value, payload);
    for (const transaction of value?.transactions?.map?.((t) => t) ?? (command === 'tx' ? [value] : [])) {
      ask(transaction);
      judgeTransaction(transaction);
    }
    if (command === 'block') judgeBlock(value);
  } catch (error) {
    throw new Error(`${command}: ${error.message}`, { cause: error });
  }
  return true;
}

/** Reads a damaged frame in two chunks; whatever it is, nothing is thrown and what is found lies within. */
function readFrame(command, payload, random) {
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

/** The payload of input `index`, and the command that it was one of. */
function inputOf(random, index) {
  if (blocks.length > 0 && index % BLOCK_EVERY === BLOCK_EVERY - 1) {
    const block = blocks[random(blocks.length)];
    return { command: 'block', payload: mutate(block, block, random, true) };
  }
  const pick = () => {
    const command = commands[random(commands.length)];
    const payloads = small.get(command);
    return { command, payload: payloads[random(payloads.length)] };
  };
  const { command, payload } = pick();
  return { command, payload: mutate(payload, pick().payload, random, false) };
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
    if (decode(targets.get(command), payload, walked)) decoded++;
    decode(TARGETS[random(TARGETS.length)], payload, walked);
    if (walked) readFrame(command, payload, random);
  } catch (error) {
    parentPort.postMessage({
      failed: error.message,
      stack: error.cause?.stack,
      index,
      hex: payload.toString('hex', 0, 4_000),
    });
    process.exit();
  }
  const took = performance.now() - start;
  if (took > slowest) [slowest, slowestIndex] = [took, index];
}
progress[0] = BigInt(from + runs);
parentPort.postMessage({ decoded, rebuilt, slowest, slowestIndex });
