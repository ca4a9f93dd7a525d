// Whole blocks: read, with the txid, output types and standardness of each transaction, beside bcoin's reading, txids and
// types of the same bytes in the same run, and beside the hashing alone, which bounds them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const BcoinBlock = require('bcoin/lib/primitives/block');
const { parseBlock } = require('../dist/tx/block.js');
const { displayHash } = require('../dist/hash.js');
const { standardness } = require('../dist/tx/policy/standardness.js');

const RUNS = 101;

/** Median milliseconds of one call. */
function median(call) {
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    call();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

function readWithBcoin(bytes) {
  for (const tx of BcoinBlock.fromRaw(bytes).txs) {
    tx.txid();
    for (const output of tx.outputs) output.getType();
  }
}

function readWithOurs(bytes, policy) {
  for (const transaction of parseBlock(bytes).transactions) {
    void transaction.txid;
    standardness(policy, transaction);
  }
}

/** What the txids are the hashes of: the bytes of a transaction, or as many without its witness. */
function hashedBytes(bytes) {
  return parseBlock(bytes).transactions.map(({ start, strippedSize }) =>
    bytes.subarray(start, start + strippedSize),
  );
}

const folder = new URL('../../shared/data/blocks/', import.meta.url);
if (!existsSync(folder)) {
  console.log('tx: not run: the blocks of ../shared/data/blocks are not there');
} else {
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(new URL(file, folder));
    const hashed = hashedBytes(bytes);
    const ms = {
      bcoin: median(() => readWithBcoin(bytes)),
      parse: median(() => parseBlock(bytes)),
      core: median(() => readWithOurs(bytes, 'core')),
      btcd: median(() => readWithOurs(bytes, 'btcd')),
      hashing: median(() => hashed.forEach((part) => displayHash(part))),
    };
    const speed = (time) => `${(bytes.length / time / 1000).toFixed(0)} MB/s`;
    console.log(
      `tx: ${file}: bcoin ${speed(ms.bcoin)}; parse alone ${speed(ms.parse)}; all by core ${speed(ms.core)} ` +
        `(${(ms.bcoin / ms.core).toFixed(1)} times bcoin), by btcd ${speed(ms.btcd)} ` +
        `(${(ms.bcoin / ms.btcd).toFixed(1)} times); hashing is ${((100 * ms.hashing) / ms.core).toFixed(0)} % of it`,
    );
  }
}
