// Measures how a compact block of 4,000 transactions is rebuilt from a relay view of 100,000: how long the
// search blocks the event loop, and how long the short ids take, compared with bcoin's SipHash in the same
// run. A listener does that in parts before it handles the message: the longest part is told, and what is
// left then. Then fills a view up to Core's default limit and measures its memory. Each part runs in a
// process of its own.
import { createHash } from 'node:crypto';
import '#dist/bcoin/backend';
import { siphash } from 'bsip';
import { hashBytes, merkleRoot } from '#dist/wire/merkle';
import { EventBus } from '#dist/lib/event-bus';
import { RelayView } from '#dist/mempool/relay-view';
import { CompactPreparation } from '#dist/p2p/compact/compact-preparation';
import { PartialBlock } from '#dist/p2p/compact/partial-block';
import { ShortIds } from '#dist/p2p/compact/short-ids';
import { parseHeader } from '#dist/wire/header';
import { parseBlock } from '#dist/wire/block';
import type { CmpctBlockMessage } from '#dist/wire/messages/cmpctblock';
import type { Transaction } from '#dist/wire/transaction';
import type { MonitorEvents } from '#dist/metrics/collector';
import { median, medianMs } from './support/median';
import { collectGarbage, finish, partOf, runPart } from './support/own-process';
import { makeTransaction } from './support/transactions';

const IN_VIEW = 100_000;
const IN_BLOCK = 4_000;
const NONCE = 7n;
const RUNS = 31;
/** Core's default limit. Ours is a third of it (--mempool-size). */
const MAX_BYTES = 300_000_000;
/** Half as many again as the view can hold, so that the newest evict the oldest. */
const UNTIL_FULL = 750_000;

const newView = (): RelayView =>
  new RelayView(
    { maxBytes: MAX_BYTES, expiryMs: Infinity, coinTransactions: 250_000 },
    { bus: new EventBus<MonitorEvents>() },
  );

/** The time of each step in milliseconds, unless stated otherwise. */
interface Rebuilt {
  /** The number of transactions in the view. */
  readonly inView: number;
  /** The sum of the short ids, so that the compiler does not skip them. */
  readonly sum: number;
  readonly ours: number;
  readonly theirs: number;
  readonly search: number;
  /** The longest part of preparing the block, its median; and what is left of rebuilding it then. */
  readonly longestPart: number;
  readonly left: number;
  readonly serialize: number;
  readonly parse: number;
  readonly root: number;
  /** The size of the block. */
  readonly bytes: number;
}

/** The measurements of a full view. All memory is in bytes. */
interface Filled {
  readonly transactions: number;
  readonly bytes: number;
  readonly usPerAdd: number;
  readonly held: number;
  readonly rss: number;
  readonly peak: number;
}

function rebuild(): Rebuilt {
  const view = newView();
  const transactions = Array.from({ length: IN_VIEW }, () => makeTransaction([]));
  for (const transaction of transactions) view.add(transaction, 0);
  const header = parseHeader(Buffer.alloc(80, 3));
  const ids = new ShortIds(header.bytes, NONCE);
  const chosen = transactions.filter((_, i) => i % (IN_VIEW / IN_BLOCK) === 0);
  const wtxids = hashBytes(chosen.map(({ wireWtxid }) => wireWtxid));
  const memory = new DataView(wtxids.buffer, wtxids.byteOffset, wtxids.length);
  const shortIds = chosen.map((_, i) => ids.of(memory, 32 * i));
  // One short id matches no transaction, so that the search goes through the whole view.
  const message = { header, nonce: NONCE, shortIds: [...shortIds, 1], prefilled: [] };

  const every = hashBytes(transactions.map(({ wireWtxid }) => wireWtxid));
  const all = new DataView(every.buffer, every.byteOffset, every.length);
  const key = createHash('sha256')
    .update(header.bytes)
    .update(Buffer.from([7, 0, 0, 0, 0, 0, 0, 0]))
    .digest();
  let sum = 0;
  const ours = medianMs(RUNS, () => {
    for (let i = 0; i < IN_VIEW; i++) sum += ids.of(all, 32 * i);
  });
  const theirs = medianMs(RUNS, () => {
    for (let i = 0; i < IN_VIEW; i++) sum += siphash(every.subarray(32 * i, 32 * i + 32), key)[0];
  });
  const search = medianMs(RUNS, () => PartialBlock.from(message, view.relayed));
  const longestParts: number[] = [];
  const left: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const taken = prepareAndRebuild({ ...message, shortIds }, view);
    longestParts.push(taken.longestPart);
    left.push(taken.left);
  }
  const partial = PartialBlock.from({ ...message, shortIds }, view.relayed);
  if (partial === undefined) throw new Error('the block is not rebuilt');
  const bytes = partial.serialize();
  const serialize = medianMs(RUNS, () => partial.serialize());
  const parse = medianMs(RUNS, () => parseBlock(bytes));
  const root = medianMs(RUNS, () =>
    merkleRoot(hashBytes(parseBlock(bytes).transactions.map(({ wireTxid }) => wireTxid))),
  );
  return {
    inView: view.gauges().transactions,
    sum,
    ours,
    theirs,
    search,
    longestPart: median(longestParts),
    left: median(left),
    serialize,
    parse,
    root,
    bytes: bytes.length,
  };
}

/** Prepares a block in parts, and rebuilds it with what was prepared. Times in milliseconds. */
function prepareAndRebuild(
  message: CmpctBlockMessage,
  view: RelayView,
): { readonly longestPart: number; readonly left: number } {
  const preparation = CompactPreparation.ofCompact(message, view.relayed);
  if (preparation === undefined) throw new Error('the block is not prepared');
  let longestPart = 0;
  for (let isDone = false; !isDone;) {
    const start = performance.now();
    isDone = preparation.next();
    longestPart = Math.max(longestPart, performance.now() - start);
  }
  const start = performance.now();
  const partial = PartialBlock.from(message, view.relayed, preparation.search);
  const block = partial === undefined ? undefined : preparation.blockOf(partial.serialize());
  const left = performance.now() - start;
  if (block === undefined) throw new Error('the prepared block is another one');
  preparation.end();
  return { longestPart, left };
}

/** Computes both ids, as the listener does before it adds a transaction to the view. */
function readIds({ txid, wtxid }: Transaction): number {
  return txid.length + wtxid.length;
}

function fill(): Filled {
  collectGarbage();
  const before = process.memoryUsage();
  const view = newView();
  let usTotal = 0;
  for (let i = 0; i < UNTIL_FULL; i++) {
    const transaction = makeTransaction([]);
    readIds(transaction);
    const start = performance.now();
    view.add(transaction, 0);
    usTotal += (performance.now() - start) * 1_000;
  }
  collectGarbage();
  const after = process.memoryUsage();
  const { transactions, bytes } = view.gauges();
  return {
    transactions,
    bytes,
    usPerAdd: usTotal / UNTIL_FULL,
    held: after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers,
    rss: after.rss,
    peak: process.resourceUsage().maxRSS * 1_000,
  };
}

async function main(): Promise<void> {
  const r = await runPart<Rebuilt>(__filename, 'rebuild');
  console.log(
    `compact: ${IN_VIEW} short ids ${r.ours.toFixed(1)} ms (bcoin's SipHash ${(r.theirs / r.ours).toFixed(1)} times that); ` +
      `search of ${r.inView} for ${IN_BLOCK}, copying included, ${r.search.toFixed(1)} ms; ` +
      `in parts of at most ${r.longestPart.toFixed(1)} ms with reading and hashing, then ${r.left.toFixed(1)} ms; ` +
      `block of ${(r.bytes / 1e6).toFixed(1)} MB serialized in ${r.serialize.toFixed(1)} ms, parsed in ${r.parse.toFixed(1)} ms, ` +
      `parsed with txids and merkle root in ${r.root.toFixed(1)} ms`,
  );
  const f = await runPart<Filled>(__filename, 'fill');
  console.log(
    `compact: a view limited to ${MAX_BYTES / 1e6} MB holds ${f.transactions} transactions of ${Math.round(f.bytes / f.transactions)} bytes, ` +
      `${(f.bytes / 1e6).toFixed(0)} MB; with the remembered output values it holds ${(f.held / 1e6).toFixed(0)} MB, ` +
      `${Math.round(f.held / f.transactions)} bytes for each transaction; resident ${(f.rss / 1e6).toFixed(0)} MB, ` +
      `at most ${(f.peak / 1e6).toFixed(0)}; ${f.usPerAdd.toFixed(1)} µs to add one`,
  );
}

const part = partOf();
if (part === undefined) void main();
else finish(part === 'fill' ? fill() : rebuild());
