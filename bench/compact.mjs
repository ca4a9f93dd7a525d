// A compact block of 4,000 transactions beside a relay view of 100,000: how long the search holds up the
// program, and the short ids alone beside the SipHash of bcoin in the same run. Then a view filled up to its
// default bound: what it really takes. Each in a process of its own.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { makeTransaction } from './support/transactions.mjs';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const { siphash } = require('bsip');
const { hashBytes, merkleRoot } = require('../dist/chain/merkle.js');
const { EventBus } = require('../dist/lib/event-bus.js');
const { RelayView } = require('../dist/mempool/relay-view.js');
const { PartialBlock } = require('../dist/p2p/compact/partial-block.js');
const { ShortIds } = require('../dist/p2p/compact/short-ids.js');
const { parseHeader } = require('../dist/wire/header.js');
const { parseBlock } = require('../dist/wire/block.js');

const IN_VIEW = 100_000;
const IN_BLOCK = 4_000;
const NONCE = 7n;
const RUNS = 31;
/** Core’s default, three times ours (--mempool-size). */
const MAX_BYTES = 300_000_000;
/** The room for it, and half as much again: the oldest leave for the newest. */
const UNTIL_FULL = 750_000;

const viewOf = () =>
  new RelayView(
    { maxBytes: MAX_BYTES, expiryMs: Infinity, coinTransactions: 250_000 },
    { bus: new EventBus() },
  );

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

function rebuild() {
  const view = viewOf();
  const transactions = Array.from({ length: IN_VIEW }, () => makeTransaction([]));
  for (const transaction of transactions) view.add(transaction, 0);
  const header = parseHeader(Buffer.alloc(80, 3));
  const ids = new ShortIds(header.bytes, NONCE);
  const chosen = transactions.filter((_, i) => i % (IN_VIEW / IN_BLOCK) === 0);
  const wtxids = hashBytes(chosen.map(({ wireWtxid }) => wireWtxid));
  const memory = new DataView(wtxids.buffer, wtxids.byteOffset, wtxids.length);
  const shortIds = chosen.map((_, i) => ids.of(memory, 32 * i));
  // One that is not there, so that the search goes on to the end.
  const message = { header, nonce: NONCE, shortIds: [...shortIds, 1], prefilled: [] };

  const every = hashBytes(transactions.map(({ wireWtxid }) => wireWtxid));
  const all = new DataView(every.buffer, every.byteOffset, every.length);
  const key = createHash('sha256')
    .update(header.bytes)
    .update(Buffer.from([7, 0, 0, 0, 0, 0, 0, 0]))
    .digest();
  let sum = 0;
  const ours = median(() => {
    for (let i = 0; i < IN_VIEW; i++) sum += ids.of(all, 32 * i);
  });
  const theirs = median(() => {
    for (let i = 0; i < IN_VIEW; i++) sum += siphash(every.subarray(32 * i, 32 * i + 32), key)[0];
  });
  const search = median(() => PartialBlock.from(message, view.relayed));
  const partial = PartialBlock.from({ ...message, shortIds }, view.relayed);
  const bytes = partial.serialize();
  const serialize = median(() => partial.serialize());
  const parse = median(() => parseBlock(bytes));
  const root = median(() =>
    merkleRoot(hashBytes(parseBlock(bytes).transactions.map(({ wireTxid }) => wireTxid))),
  );
  return {
    inView: view.gauges().transactions,
    sum,
    ours,
    theirs,
    search,
    serialize,
    parse,
    root,
    bytes: bytes.length,
  };
}

function fill() {
  globalThis.gc();
  const before = process.memoryUsage();
  const view = viewOf();
  let usTotal = 0;
  for (let i = 0; i < UNTIL_FULL; i++) {
    const transaction = makeTransaction([]);
    void transaction.txid;
    void transaction.wtxid;
    const start = performance.now();
    view.add(transaction, 0);
    usTotal += (performance.now() - start) * 1_000;
  }
  globalThis.gc();
  const after = process.memoryUsage();
  const { transactions, bytes } = view.gauges();
  return {
    transactions,
    bytes,
    usPerAdd: usTotal / UNTIL_FULL,
    held: after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers,
    rss: after.rss,
    rssBefore: before.rss,
    peak: process.resourceUsage().maxRSS * 1_000,
  };
}

if (process.send !== undefined && process.argv[2] !== undefined) {
  process.send(process.argv[2] === 'fill' ? fill() : rebuild());
} else {
  const run = (what) =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), [what], { execArgv: ['--expose-gc'] });
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`compact: ${what} ended with ${code}`)));
    });
  const r = await run('rebuild');
  console.log(
    `compact: ${IN_VIEW} short ids ${r.ours.toFixed(1)} ms (bcoin's SipHash ${(r.theirs / r.ours).toFixed(1)} times that); ` +
      `search of ${r.inView} for ${IN_BLOCK}, with the copying, ${r.search.toFixed(1)} ms; ` +
      `block of ${(r.bytes / 1e6).toFixed(1)} MB put together ${r.serialize.toFixed(1)}, read ${r.parse.toFixed(1)}, ` +
      `read with txids and root ${r.root.toFixed(1)} ms`,
  );
  const f = await run('fill');
  console.log(
    `compact: a view bound to ${MAX_BYTES / 1e6} MB holds ${f.transactions} transactions of ${Math.round(f.bytes / f.transactions)} bytes, ` +
      `${(f.bytes / 1e6).toFixed(0)} MB; with the values of the last outputs ${(f.held / 1e6).toFixed(0)} MB, ` +
      `${Math.round(f.held / f.transactions)} bytes each; resident ${(f.rss / 1e6).toFixed(0)} MB, ` +
      `at most ${(f.peak / 1e6).toFixed(0)}; ${f.usPerAdd.toFixed(1)} µs to add one`,
  );
}
