// Whole blocks: read, with the txid, output types and standardness of each transaction. Beside it, on the
// same bytes in the same run, taking turns: bcoin's reading, txids and types; btcd's decoding and txids, in
// Go on one core; and the hashing alone, as this program does it, which bounds its speed. Everything is in
// processor time, that of garbage collectors included, so that what else the machine does counts for nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { goVersion, startJudge } from './support/go-judge.mjs';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const BcoinBlock = require('bcoin/lib/primitives/block');
const { parseBlock } = require('../dist/wire/block.js');
const { hashMany } = require('../dist/wire/hash-many.js');
const { POLICY_NAMES, standardness } = require('../dist/policy/standardness.js');

/** The first rounds are for the compilers. */
const WARM_UP = 5;
const ROUNDS = 25;
/** How long a turn lasts, about, in milliseconds. */
const TURN_MS = 10;

function readWithBcoin(bytes) {
  for (const tx of BcoinBlock.fromRaw(bytes).txs) {
    tx.txid();
    for (const output of tx.outputs) output.getType();
  }
}

function readWithOurs(bytes, policy) {
  const block = parseBlock(bytes);
  block.wireTxids();
  for (const transaction of block.transactions) standardness(policy, transaction);
}

/** What the txids are the hashes of: the bytes of a transaction, or as many without its witness. */
function hashedBytes(bytes) {
  return parseBlock(bytes).transactions.map(({ start, strippedSize }) =>
    bytes.subarray(start, start + strippedSize),
  );
}

const nothing = () => undefined;

/** A contestant: given a number of readings, the milliseconds of one. */
const here = (read) => (runs) => {
  const start = process.cpuUsage();
  for (let run = 0; run < runs; run++) read();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / runs;
};

/** The median milliseconds of one reading by each contestant, who take turns. */
async function race(contestants) {
  const entries = Object.entries(contestants);
  const times = Object.fromEntries(entries.map(([name]) => [name, []]));
  for (let round = 0; round < WARM_UP + ROUNDS; round++)
    for (const [name, read] of entries) {
      const last = times[name].at(-1) ?? TURN_MS;
      times[name].push(await read(Math.max(1, Math.round(TURN_MS / last))));
    }
  const median = (values) => values.slice(WARM_UP).sort((a, b) => a - b)[ROUNDS >> 1];
  return Object.fromEntries(entries.map(([name]) => [name, median(times[name])]));
}

const fixed = (value, digits) => value.toFixed(digits);

function report(name, bytes, ms, go) {
  const times = (other) => fixed(other / ms.all, 2);
  const beside = go === null ? '' : `, ${times(ms.go)} times btcd’s (${go})`;
  console.log(
    `tx: ${name}: ${fixed(bytes / ms.all / 1000, 0)} MB/s, ${times(ms.bcoin)} times bcoin’s${beside}; ` +
      `hashing alone is ${fixed((100 * ms.hashing) / ms.all, 0)} % of it, parsing alone ${fixed((100 * ms.parse) / ms.all, 0)} %`,
  );
}

const folder = new URL('../../shared/data/blocks/', import.meta.url);
if (!existsSync(folder)) {
  console.log('tx: not run: the blocks of ../shared/data/blocks are not there');
} else {
  const go = goVersion();
  if (go === null) console.log('tx: not compared with btcd: Go was not found; install Go 1.25 or newer');
  const files = readdirSync(folder).map((name) => fileURLToPath(new URL(name, folder)));
  const judge = go === null ? null : startJudge(files);
  let total = 0;
  const sums = {};
  for (const file of files) {
    const bytes = readFileSync(file);
    const hashed = hashedBytes(bytes);
    const ms = await race({
      bcoin: here(() => readWithBcoin(bytes)),
      parse: here(() => parseBlock(bytes)),
      ...Object.fromEntries(POLICY_NAMES.map((policy) => [policy, here(() => readWithOurs(bytes, policy))])),
      hashing: here(() => hashMany(hashed, (part) => part, nothing)),
      ...(judge === null ? {} : { go: (runs) => judge.read(file, runs) }),
    });
    // Both policies, the slower one counts.
    ms.all = Math.max(...POLICY_NAMES.map((policy) => ms[policy]));
    total += bytes.length;
    for (const [name, each] of Object.entries(ms)) sums[name] = (sums[name] ?? 0) + each;
    report(file.slice(file.lastIndexOf('/') + 1), bytes.length, ms, go);
  }
  report('all together', total, sums, go);
  await judge?.stop();
}
