// What one item of a message costs at 1, 10 and 100 times the size, in processor time: items of an `inv`,
// inputs, outputs and conflicts of transactions, their points, children of a parent, transactions that wait
// for parents, headers, short ids. Keys at random, and keys that a stranger chose so that they are alike. One
// code is compared with itself, in one process. A round of each size has the same number of items: 100
// messages of one size, 10 of ten times, 1 of a hundred times. They share what they fill, so that as much
// memory is in use at each size: what differs is the size of a message alone. Names as arguments choose
// curves; the exit status tells whether all are flat (support/cost-curve.mjs).
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { costCurve, SCALES } from './support/cost-curve.mjs';
import { judging } from './support/judging.mjs';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const { HeaderTable } = require('../dist/chain/header-table.js');
const { SystemClock } = require('../dist/lib/clock.js');
const { EventBus } = require('../dist/lib/event-bus.js');
const { RelayView } = require('../dist/mempool/relay-view.js');
const { Emitter } = require('../dist/metrics/emitter.js');
const { BlockRequests } = require('../dist/p2p/block-requests.js');
const { ShortIdTable } = require('../dist/p2p/compact/short-id-table.js');
const { decodeInventory, encodeInventory, INV_TX } = require('../dist/wire/messages/inventory.js');
const { TransactionRequests } = require('../dist/p2p/transaction-requests.js');
const { checkSanity } = require('../dist/policy/sanity.js');
const { parseTransaction } = require('../dist/wire/transaction.js');

const HASH_BYTES = 32;

/** Hashes by their number: at random, or alike but for the highest bits of their words. */
const KEYS = {
  random: (count) => {
    const bytes = randomBytes(HASH_BYTES * count);
    return (i) => bytes.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1));
  },
  chosen: () => {
    // Tells the keys of one message from those of another.
    const fill = randomBytes(4);
    return (i) => {
      const hash = Buffer.alloc(HASH_BYTES, fill);
      for (let word = 0; word < 8; word++)
        hash[4 * word + 3] = (fill[3] & 0x3f) | (((i >>> (2 * word)) & 3) << 6);
      return hash;
    };
  },
};

const clock = { monotonicMs: () => 0, uniqueNs: () => 0n };

/** Who sends it all: a peer that we have dialled, to which no budget puts a bound. */
const peer = () => ({
  ...{ id: 1, host: '192.0.2.1', port: 8333, kind: 'kept', outbound: true, openedAt: 0 },
  ...{ claims: { services: 9n }, claimsWitness: true, wtxidRelay: true, established: true, ended: false },
  request: () => undefined,
});

/** What the messages of a round fill. */
function newState() {
  const sink = { push: () => undefined };
  const { emit } = new Emitter({ node: 'bench' }, { clock: new SystemClock(), sink });
  return {
    view: new RelayView(
      { maxBytes: 300_000_000, expiryMs: 1e12, coinTransactions: 250_000 },
      { bus: new EventBus() },
    ),
    transactions: new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined }),
    blocks: new BlockRequests({ clock }),
    headers: new HeaderTable(),
    judge: judging(emit),
    peer: peer(),
  };
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

const idOf = (bytes) => Buffer.from(parseTransaction(bytes).txid, 'hex').reverse();
const upTo = (count, make) => Array.from({ length: count }, (_, i) => make(i));

function add({ view }, bytes) {
  const transaction = parseTransaction(bytes);
  const fault = checkSanity(transaction);
  if (fault !== undefined) throw new Error(fault);
  view.add(transaction, 0);
}

function announce({ view, transactions, blocks, peer: from }, payload) {
  const items = decodeInventory(payload);
  transactions.announced(from, items);
  blocks.announced(from, items);
  view.announced(items);
}

const inventoryOf = (count, key) =>
  encodeInventory(upTo(count, (i) => ({ type: INV_TX, hash: key(i).toString('latin1') })));

/** Both for a message whose parts are all in `before` and `measured`: bytes of transactions. */
const addAll = (state, all) => {
  for (const bytes of all) add(state, bytes);
};

/**
 * Each curve: the items of a message of the smallest size; how many times 100 such messages a round has;
 * `make`, what a message of `count` items needs, with a key for each; `before`, what is done with it before
 * it is measured; and `measured`.
 */
const CURVES = {
  'inv: items': {
    items: 500,
    times: 1,
    make: inventoryOf,
    measured: announce,
  },
  'inv: items that are known': {
    items: 500,
    times: 1,
    make: inventoryOf,
    before: announce,
    measured: announce,
  },
  'tx: inputs': {
    items: 240,
    times: 1,
    make: (count, key) => transactionOf(upTo(count, (i) => [key(i), 0])),
    measured: add,
  },
  'tx: outputs': {
    items: 1_110,
    times: 1,
    make: (count, key) => transactionOf([[key(0), 0]], count),
    measured: add,
  },
  'points: of inputs': {
    items: 240,
    times: 1,
    make: (count, key) => parseTransaction(transactionOf(upTo(count, (i) => [key(i), 0]))),
    measured: ({ judge }, transaction) => judge(transaction),
  },
  'points: of outputs': {
    items: 1_110,
    times: 1,
    make: (count, key) => parseTransaction(transactionOf([[key(0), 0]], count)),
    measured: ({ judge }, transaction) => judge(transaction),
  },
  'conflicts: of one transaction with as many others': {
    items: 240,
    times: 1,
    make: (count, key) => {
      const spends = upTo(count, (i) => [key(i), 0]);
      return { others: spends.map((spend) => transactionOf([spend])), rival: transactionOf(spends) };
    },
    before: (state, { others }) => addAll(state, others),
    measured: (state, { rival }) => add(state, rival),
  },
  'conflicts: one after the other over one output': {
    items: 240,
    times: 1,
    make: (count, key) => upTo(count, () => transactionOf([[key(0), 0]])),
    measured: addAll,
  },
  'descendants: a chain that is replaced': {
    items: 240,
    times: 1,
    make: (count, key) => {
      const chain = [transactionOf([[key(0), 0]])];
      for (let i = 1; i < count; i++) chain.push(transactionOf([[idOf(chain[i - 1]), 0]]));
      return { chain, rival: transactionOf([[key(0), 0]]) };
    },
    before: (state, { chain }) => addAll(state, chain),
    measured: (state, { rival }) => add(state, rival),
  },
  'descendants: children of one that is replaced': {
    items: 240,
    times: 1,
    make: (count, key) => {
      const parent = transactionOf([[key(0), 0]], count);
      const id = idOf(parent);
      return {
        family: [parent, ...upTo(count, (i) => transactionOf([[id, i]]))],
        rival: transactionOf([[key(0), 0]]),
      };
    },
    before: (state, { family }) => addAll(state, family),
    measured: (state, { rival }) => add(state, rival),
  },
  'orphans: parents that were announced and do not come': {
    items: 240,
    times: 1,
    make: (count, key) => ({
      announced: upTo(count, (i) => ({ type: INV_TX, hash: key(i).toString('latin1') })),
      children: upTo(count, (i) => transactionOf([[key(i), 0]])),
    }),
    before: ({ view }, { announced }) => view.announced(announced),
    measured: (state, { children }) => addAll(state, children),
  },
  'headers: in the table': {
    items: 1_000,
    times: 1,
    make: (count, key) => upTo(count, key),
    measured: ({ headers }, hashes) => {
      for (const hash of hashes)
        if (headers.find(hash, 0) < 0)
          headers.add(hash, 0, { parent: 0, height: 0, time: 0, bits: 0, work: 1n });
    },
  },
  'short ids: of one block': {
    items: 300,
    times: 10,
    make: (count, key, kind) => ({
      ids: upTo(count, (i) => (kind === 'chosen' ? i : key(i).readUIntLE(0, 6))),
      strange: upTo(count, (i) => (kind === 'chosen' ? i + 2 ** 40 : key(i).readUIntLE(6, 6))),
    }),
    measured: (_, { ids, strange }) => {
      const table = ShortIdTable.of(ids);
      for (const id of strange) table?.find(id);
    },
  },
};

/**
 * What makes a round ready: messages of `count` items, which are made once, and what they fill, which is new
 * for each round.
 */
function roundsOf({ items, times, make, before, measured }, scale, kind) {
  const count = items * scale;
  const messages = upTo((times * SCALES.at(-1)) / scale, () => make(count, KEYS[kind](count), kind));
  return () => {
    const state = newState();
    if (before !== undefined) for (const message of messages) before(state, message);
    return {
      count: count * messages.length,
      work: () => {
        for (const message of messages) measured(state, message);
      },
    };
  };
}

const wanted = process.argv.slice(2);
for (const [name, curve] of Object.entries(CURVES)) {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
  for (const kind of Object.keys(KEYS))
    await costCurve(
      `cost-curves: ${name}, ${kind} keys`,
      SCALES.map((scale) => curve.items * scale),
      SCALES.map((scale) => roundsOf(curve, scale, kind)),
    );
}
