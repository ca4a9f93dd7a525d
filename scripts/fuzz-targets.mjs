// What the fuzz runner feeds: the compiled decoders and parsers.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { DECODERS } = require('../dist/wire/messages/table.js');
export const { DecodeError } = require('../dist/wire/decode-error.js');
export const { encodeFrame, FrameReader } = require('../dist/wire/framing.js');
export const { NETWORKS } = require('../dist/wire/networks.js');
export const { parseBlock } = require('../dist/wire/block.js');
export const { PartialBlock } = require('../dist/p2p/compact/partial-block.js');
export const { parseTransaction } = require('../dist/wire/transaction.js');
const { CHAIN_PARAMS } = require('../dist/chain/params.js');
const { legacySigops } = require('../dist/chain/sigops.js');
const { checkBlock, checkBlockInContext } = require('../dist/chain/validate-block.js');
const { POLICY_NAMES, standardness } = require('../dist/policy/standardness.js');
const { checkSanity } = require('../dist/policy/sanity.js');
const { LineReader } = require('../dist/collect/line-reader.js');
const { LineParser } = require('../dist/collect/parse-line.js');
const { readCollectorReply, readSenderMessage } = require('../dist/export/collect-protocol.js');

/** Of bytes that hold none of what was looked for. */
class NothingFound extends Error {}

const parser = new LineParser();

/** What `btcdmon-node collect` makes of the bytes of a sender, which come in two pieces. */
function readLines(payload) {
  const found = [];
  const reader = new LineReader({
    line: (text) => {
      const value = text.startsWith('#') ? readSenderMessage(text) : parser.parse(text);
      if (typeof value !== 'string') found.push(value);
      return true;
    },
    bad: () => true,
  });
  const half = payload.length >> 1;
  reader.push(payload.subarray(0, half));
  reader.push(payload.subarray(half));
  reader.end();
  if (found.length === 0) throw new NothingFound();
  return found;
}

/** What a sender makes of the bytes of a collector. */
function readReplies(payload) {
  const found = payload.toString('latin1').split('\n').map(readCollectorReply).filter(Boolean);
  if (found.length === 0) throw new NothingFound();
  return found;
}

/** Command, or name of what no message is, what reads its payload, and the one error that may come of it. */
export const TARGETS = [
  ...Object.entries(DECODERS).map(([command, read]) => ({ command, read, refusal: DecodeError })),
  { command: 'lines', read: readLines, refusal: NothingFound },
  { command: 'answers', read: readReplies, refusal: NothingFound },
];

/** What the listener asks of each transaction that it could read. */
export function judgeTransaction(transaction) {
  checkSanity(transaction);
  legacySigops(transaction);
  for (const policy of POLICY_NAMES) {
    const { inputs, outputs } = standardness(policy, transaction);
    if (inputs.length !== transaction.inputs.length || outputs.length !== transaction.outputs.length)
      throw new Error(`${policy} has no verdict on each input and output`);
  }
}

/** What it asks of each block, in a chain where its height is the one that it claims. */
export function judgeBlock(block) {
  checkBlock(block);
  if (block.transactions[0]?.isCoinbase !== true) return;
  const height = block.coinbaseHeight ?? 0;
  checkBlockInContext(block, { params: CHAIN_PARAMS.mainnet, height, medianTime: block.time });
}
