// What the fuzz runner feeds: the compiled decoders and parsers.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const { DECODERS } = require('../dist/p2p/messages/table.js');
export const { DecodeError } = require('../dist/p2p/reader.js');
export const { FrameReader } = require('../dist/p2p/framing.js');
export const { NETWORKS } = require('../dist/p2p/networks.js');
export const { parseBlock } = require('../dist/tx/block.js');
export const { ParseError } = require('../dist/tx/parse-error.js');
export const { PartialBlock } = require('../dist/p2p/compact/partial-block.js');
export const { parseTransaction } = require('../dist/tx/transaction.js');

/** Command, what reads its payload, and the one error that may come of it. */
export const TARGETS = [
  ...Object.entries(DECODERS).map(([command, read]) => ({ command, read, refusal: DecodeError })),
  { command: 'tx', read: (payload) => parseTransaction(payload), refusal: ParseError },
  { command: 'block', read: parseBlock, refusal: ParseError },
];
