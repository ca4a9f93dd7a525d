// What one item costs at 1, 10 and 100 times the size, in processor time: items of an `inv`, inputs, outputs and conflicts of
// transactions, children of a parent, transactions that wait for parents, headers. Keys at random, and keys that a stranger
// chose so that they are alike. Everything is asked of the same code, in one process, and is compared within its own row.
// All runs of a size share one view, so that as much memory is in use at each size: what differs is the size of a message alone.
// A curve is flat where the item at 100 times the size takes at most 1.3 times as long; the exit status tells whether all are.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const { HeaderTable } = require('../dist/chain/header-table.js');
const { EventBus } = require('../dist/lib/event-bus.js');
const { RelayView } = require('../dist/mempool/relay-view.js');
const { ShortIdTable } = require('../dist/p2p/compact/short-id-table.js');
const { decodeInventory, encodeInventory, INV_TX } = require('../dist/wire/messages/inventory.js');
const { RollingHashes } = require('../dist/lib/rolling-hashes.js');
const { checkSanity } = require('../dist/policy/sanity.js');
const { parseTransaction } = require('../dist/wire/transaction.js');

const SCALES = [1, 10, 100];
const MOST = 1.3;
/** Of so many rounds the fastest counts: what else the machine does makes none faster. */
const ROUNDS = 5;
/** Items of a round at least, so that the clock of the processor is fine enough. */
const LEAST_ITEMS = 50_000;

/** Hashes by their number: at random, or alike but for the highest bits of their words. */
const KEYS = {
  random: () => {
    const keys = [];
    return (i) => (keys[i] ??= randomBytes(32));
  },
  chosen: () => {
    // Tells the keys of one run from those of another.
    const fill = randomBytes(4);
    return (i) => {
      const hash = Buffer.alloc(32, fill);
      for (let word = 0; word < 8; word++)
        hash[4 * word + 3] = (fill[3] & 0x3f) | (((i >>> (2 * word)) & 3) << 6);
      return hash;
    };
  },
};

function newView() {
  return new RelayView(
    { maxBytes: 300_000_000, expiryMs: 1e12, coinTransactions: 250_000 },
    { bus: new EventBus() },
  );
}

function compactSize(value) {
  if (value < 0xfd) return Buffer.of(value);
  const size = Buffer.alloc(value <= 0xffff ? 3 : 5);
  if (value <= 0xffff) {
    size[0] = 0xfd;
    size.writeUInt16LE(value, 1);
  } else {
    size[0] = 0xfe;
    size.writeUInt32LE(value, 1);
  }
  return size;
}

let lockTime = 0;
/** A transaction that spends these outputs, `[hash, index]`, and has so many outputs of its own. */
function transactionOf(spends, outputs = 1) {
  const ins = Buffer.alloc(41 * spends.length);
  spends.forEach(([hash, index], i) => {
    hash.copy(ins, 41 * i);
    ins.writeUInt32LE(index, 41 * i + 32);
  });
  const outs = Buffer.alloc(9 * outputs);
  for (let i = 0; i < outputs; i++) outs.writeUInt32LE(1_000, 9 * i);
  const version = Buffer.of(2, 0, 0, 0);
  const end = Buffer.alloc(4);
  end.writeUInt32LE(++lockTime);
  return Buffer.concat([version, compactSize(spends.length), ins, compactSize(outputs), outs, end]);
}

const idOf = ({ txid }) => Buffer.from(txid, 'hex').reverse();

function add(view, bytes) {
  const transaction = parseTransaction(bytes);
  const fault = checkSanity(transaction);
  if (fault !== undefined) throw new Error(fault);
  view.add(transaction, 0);
  return transaction;
}

/**
 * Each curve: the items of the smallest size, and what makes a run ready: for `count` of them, with a key for each, in what all
 * runs of the size share.
 */
const CURVES = {
  'inv: items': {
    items: 500,
    prepare: (count, key, { view, known }) => {
      const payload = encodeInventory(
        Array.from({ length: count }, (_, i) => ({ type: INV_TX, hash: key(i).toString('latin1') })),
      );
      return () => {
        const items = decodeInventory(payload);
        for (const { hash } of items) if (!known.has(hash)) known.add(hash);
        view.announced(items);
      };
    },
  },
  'tx: inputs': {
    items: 240,
    prepare: (count, key, { view }) => {
      const bytes = transactionOf(Array.from({ length: count }, (_, i) => [key(i), 0]));
      return () => add(view, bytes);
    },
  },
  'tx: outputs': {
    items: 1_110,
    prepare: (count, key, { view }) => {
      const bytes = transactionOf([[key(0), 0]], count);
      return () => add(view, bytes);
    },
  },
  'conflicts: of one transaction with as many others': {
    items: 240,
    prepare: (count, key, { view }) => {
      const spends = Array.from({ length: count }, (_, i) => [key(i), 0]);
      for (const spend of spends) add(view, transactionOf([spend]));
      const rival = transactionOf(spends);
      return () => add(view, rival);
    },
  },
  'conflicts: one after the other over one output': {
    items: 240,
    prepare: (count, key, { view }) => {
      const spends = [[key(0), 0]];
      const rivals = Array.from({ length: count }, () => transactionOf(spends));
      return () => rivals.forEach((bytes) => add(view, bytes));
    },
  },
  'descendants: a chain that is replaced': {
    items: 240,
    prepare: (count, key, { view }) => {
      let last = add(view, transactionOf([[key(0), 0]]));
      for (let i = 1; i < count; i++) last = add(view, transactionOf([[idOf(last), 0]]));
      const rival = transactionOf([[key(0), 0]]);
      return () => add(view, rival);
    },
  },
  'descendants: children of one that is replaced': {
    items: 240,
    prepare: (count, key, { view }) => {
      const parent = idOf(add(view, transactionOf([[key(0), 0]], count)));
      for (let i = 0; i < count; i++) add(view, transactionOf([[parent, i]]));
      const rival = transactionOf([[key(0), 0]]);
      return () => add(view, rival);
    },
  },
  'orphans: parents that were announced and do not come': {
    items: 240,
    prepare: (count, key, { view }) => {
      const hashes = Array.from({ length: count }, (_, i) => key(i));
      view.announced(hashes.map((hash) => ({ type: INV_TX, hash: hash.toString('latin1') })));
      const children = hashes.map((hash) => transactionOf([[hash, 0]]));
      return () => children.forEach((bytes) => add(view, bytes));
    },
  },
  'headers: in the table': {
    items: 1_000,
    prepare: (count, key, { table }) => {
      const hashes = Array.from({ length: count }, (_, i) => key(i));
      const facts = { parent: 0, height: 0, time: 0, bits: 0, work: 1n };
      return () => {
        for (const hash of hashes) if (table.find(hash, 0) < 0) table.add(hash, 0, facts);
      };
    },
  },
  'short ids: of one block': {
    items: 300,
    prepare: (count, key, _, kind) => {
      const ids = Array.from({ length: count }, (_, i) => (kind === 'chosen' ? i : key(i).readUIntLE(0, 6)));
      const strange = Array.from({ length: count }, (_, i) => (kind === 'chosen' ? i + 2 ** 40 : i + 0.5));
      return () => {
        const table = ShortIdTable.of(ids);
        for (const id of strange) table?.find(Math.floor(id));
      };
    },
  },
};

/** Microseconds of processor time for one item. */
function once({ prepare }, count, kind) {
  const shared = { view: newView(), known: new RollingHashes(100_000), table: new HeaderTable() };
  const runs = Array.from({ length: Math.max(1, Math.round(LEAST_ITEMS / count)) }, () =>
    prepare(count, KEYS[kind](), shared, kind),
  );
  const start = process.cpuUsage();
  for (const run of runs) run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / runs.length / count;
}

let flat = true;
for (const [name, curve] of Object.entries(CURVES))
  for (const kind of Object.keys(KEYS)) {
    const best = SCALES.map(() => Infinity);
    // They take turns, so that what the machine does meanwhile meets each of them.
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, scale] of SCALES.entries())
        best[i] = Math.min(best[i], once(curve, curve.items * scale, kind));
    const ratios = best.map((us) => us / best[0]);
    const isFlat = ratios.every((ratio) => ratio <= MOST);
    flat &&= isFlat;
    console.log(
      `cost-curves: ${name}, ${kind} keys: ${best.map((us) => us.toFixed(3)).join(', ')} µs an item at ` +
        `${SCALES.map((scale) => curve.items * scale).join(', ')}; ratios ${ratios.map((r) => r.toFixed(2)).join(', ')}` +
        (isFlat ? '' : ` NOT FLAT (at most ${MOST})`),
    );
  }
if (!flat) process.exitCode = 1;
