// What the fuzz runner feeds: the compiled decoders and parsers.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { DECODERS } = require('../dist/p2p/messages/table.js');
export const { DecodeError } = require('../dist/p2p/reader.js');
export const { encodeFrame, FrameReader } = require('../dist/p2p/framing.js');
export const { NETWORKS } = require('../dist/p2p/networks.js');
export const { parseBlock } = require('../dist/tx/block.js');
export const { ParseError } = require('../dist/tx/parse-error.js');
export const { PartialBlock } = require('../dist/p2p/compact/partial-block.js');
export const { parseTransaction } = require('../dist/tx/transaction.js');
const { CHAIN_PARAMS } = require('../dist/chain/params.js');
const { legacySigops } = require('../dist/chain/sigops.js');
const { checkBlock, checkBlockInContext } = require('../dist/chain/validate-block.js');
const { POLICY_NAMES, standardness } = require('../dist/tx/policy/standardness.js');
const { checkSanity } = require('../dist/tx/sanity.js');

/** Command, what reads its payload, and the one error that may come of it. */
export const TARGETS = [
  ...Object.entries(DECODERS).map(([command, read]) => ({ command, read, refusal: DecodeError })),
  { command: 'tx', read: (payload) => parseTransaction(payload), refusal: ParseError },
  { command: 'block', read: parseBlock, refusal: ParseError },
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
