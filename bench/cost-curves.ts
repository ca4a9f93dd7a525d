// Measures what an item of a message costs in messages of 1, 10 and 100 times a size, in processor time:
// items of an `inv`, inputs, outputs and conflicts of transactions, their points, children of a parent,
// transactions that wait for parents, headers, short ids. The keys are random, or a stranger chose them to be
// alike. The code is compared with itself in one process. A round of each size has the same number of items:
// 100 messages of the smallest size, 10 of ten times that size, or 1 of a hundred times that size. The
// messages of a round fill the same tables, so that only the size of a message differs and not the memory in
// use. Arguments choose curves by a part of their name. The exit status is 1 if a curve is not flat
// (support/cost-curve.ts).
import { randomBytes } from 'node:crypto';
import { HeaderTable } from '#dist/chain/header-table';
import { SystemClock } from '#dist/lib/clock';
import { EventBus } from '#dist/lib/event-bus';
import { RelayView } from '#dist/mempool/relay-view';
import { Emitter } from '#dist/metrics/emitter';
import { BlockRequests } from '#dist/p2p/block-requests';
import type { Connection } from '#dist/p2p/connection';
import { ShortIdTable } from '#dist/p2p/compact/short-id-table';
import { readHash } from '#dist/wire/hash';
import { decodeInventory, encodeInventory, INV_TX, type InventoryItem } from '#dist/wire/messages/inventory';
import { TransactionRequests } from '#dist/p2p/transaction-requests';
import { checkSanity } from '#dist/policy/sanity';
import { type Transaction, parseTransaction } from '#dist/wire/transaction';
import type { MonitorEvents } from '#dist/metrics/collector';
import { compactSize } from '../test/support/transaction';
import { costCurve, type MakeRound, SCALES } from './support/cost-curve';
import { judging } from './support/judging';
import { newPeer } from './support/peer';

const HASH_BYTES = 32;

/** Gives the hash for a number. */
type Key = (i: number) => Buffer;

/** Random hashes, and hashes that differ in the highest bits of their words only. */
const KEYS = {
  random: (count: number): Key => {
    const bytes = randomBytes(HASH_BYTES * count);
    return (i) => bytes.subarray(HASH_BYTES * i, HASH_BYTES * (i + 1));
  },
  chosen: (): Key => {
    // Makes the keys of each message different from those of the others.
    const fill = randomBytes(4);
    return (i) => {
      const hash = Buffer.alloc(HASH_BYTES, fill);
      for (let word = 0; word < 8; word++)
        hash[4 * word + 3] = ((fill[3] ?? 0) & 0x3f) | (((i >>> (2 * word)) & 3) << 6);
      return hash;
    };
  },
};

type KeyKind = keyof typeof KEYS;

const clock = { monotonicMs: () => 0, uniqueNs: () => 0n };

/** The tables that the messages of a round fill. */
interface State {
  readonly view: RelayView;
  readonly transactions: TransactionRequests;
  readonly blocks: BlockRequests;
  readonly headers: HeaderTable;
  readonly judge: (transaction: Transaction) => void;
  /** The sender: a peer that we dialled, because such a peer has no budget. */
  readonly peer: Connection;
}

function newState(): State {
  const sink = { push: () => undefined };
  const { emit } = new Emitter({ node: 'bench' }, { clock: new SystemClock(), sink });
  return {
    view: new RelayView(
      { maxBytes: 300_000_000, expiryMs: 1e12, coinTransactions: 250_000 },
      { bus: new EventBus<MonitorEvents>() },
    ),
    transactions: new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined }),
    blocks: new BlockRequests({ clock }),
    headers: new HeaderTable(),
    judge: judging(emit),
    peer: newPeer({ kind: 'kept', outbound: true }),
  };
}

/** An output to spend. */
type Spend = readonly [hash: Buffer, index: number];

let lockTime = 0;
/** A transaction that spends `spends` and has `outputs` outputs. */
function transactionOf(spends: readonly Spend[], outputs = 1): Buffer {
  const ins = Buffer.alloc(41 * spends.length);
  for (const [i, [hash, index]] of spends.entries()) {
    hash.copy(ins, 41 * i);
    ins.writeUInt32LE(index, 41 * i + 32);
  }
  const outs = Buffer.alloc(9 * outputs);
  for (let i = 0; i < outputs; i++) outs.writeUInt32LE(1_000, 9 * i);
  const version = Buffer.of(2, 0, 0, 0);
  const end = Buffer.alloc(4);
  end.writeUInt32LE(++lockTime);
  return Buffer.concat([version, compactSize(spends.length), ins, compactSize(outputs), outs, end]);
}

const idOf = (bytes: Buffer): Buffer => Buffer.from(parseTransaction(bytes).txid, 'hex').reverse();
function upTo<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function add({ view }: State, bytes: Buffer): void {
  const transaction = parseTransaction(bytes);
  const fault = checkSanity(transaction);
  if (fault !== undefined) throw new Error(fault);
  view.add(transaction, 0);
}

function announce({ view, transactions, blocks, peer: from }: State, payload: Buffer): void {
  const items = decodeInventory(payload);
  transactions.announced(from, items);
  blocks.announced(from, items);
  view.announced(items);
}

const itemsOf = (count: number, key: Key): InventoryItem[] =>
  upTo(count, (i) => ({ type: INV_TX, hash: readHash(key(i), 0) }));
const inventoryOf = (count: number, key: Key): Buffer => encodeInventory(itemsOf(count, key));

function addAll(state: State, transactions: readonly Buffer[]): void {
  for (const bytes of transactions) add(state, bytes);
}

/** A curve to measure. `Message` is the type of its messages, or of the data for one. */
interface Curve<Message> {
  /** The number of items in a message of the smallest size. */
  readonly items: number;
  /** A round has this many times 100 messages of the smallest size. */
  readonly times: number;
  /** Makes a message of `count` items, with a key for each. */
  readonly make: (count: number, key: Key, kind: KeyKind) => Message;
  /** Runs for each message before the measurement. */
  readonly before?: (state: State, message: Message) => void;
  readonly measured: (state: State, message: Message) => void;
}

/** A curve without the type of its messages. */
interface Runnable {
  readonly items: number;
  readonly rounds: (scale: number, kind: KeyKind) => MakeRound;
}

/**
 * Prepares the rounds of a curve. The messages of `items * scale` items are made once. The tables that they
 * fill are new for each round.
 */
function curve<Message>({ items, times, make, before, measured }: Curve<Message>): Runnable {
  const rounds = (scale: number, kind: KeyKind): MakeRound => {
    const count = items * scale;
    const messages = upTo((times * SCALES[2]) / scale, () => make(count, KEYS[kind](count), kind));
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
  };
  return { items, rounds };
}

const CURVES: Readonly<Record<string, Runnable>> = {
  'inv: items': curve({
    items: 500,
    times: 1,
    make: inventoryOf,
    measured: announce,
  }),
  'inv: items that are known': curve({
    items: 500,
    times: 1,
    make: inventoryOf,
    before: announce,
    measured: announce,
  }),
  'tx: inputs': curve({
    items: 240,
    times: 1,
    make: (count, key) => transactionOf(upTo(count, (i): Spend => [key(i), 0])),
    measured: add,
  }),
  'tx: outputs': curve({
    items: 1_110,
    times: 1,
    make: (count, key) => transactionOf([[key(0), 0]], count),
    measured: add,
  }),
  'points: of inputs': curve({
    items: 240,
    times: 1,
    make: (count, key) => parseTransaction(transactionOf(upTo(count, (i): Spend => [key(i), 0]))),
    measured: ({ judge }, transaction) => judge(transaction),
  }),
  'points: of outputs': curve({
    items: 1_110,
    times: 1,
    make: (count, key) => parseTransaction(transactionOf([[key(0), 0]], count)),
    measured: ({ judge }, transaction) => judge(transaction),
  }),
  'conflicts: of one transaction with as many others': curve({
    items: 240,
    times: 1,
    make: (count, key) => {
      const spends = upTo(count, (i): Spend => [key(i), 0]);
      return { others: spends.map((spend) => transactionOf([spend])), rival: transactionOf(spends) };
    },
    before: (state, { others }) => addAll(state, others),
    measured: (state, { rival }) => add(state, rival),
  }),
  'conflicts: one after the other over one output': curve({
    items: 240,
    times: 1,
    make: (count, key) => upTo(count, () => transactionOf([[key(0), 0]])),
    measured: addAll,
  }),
  'descendants: a chain that is replaced': curve({
    items: 240,
    times: 1,
    make: (count, key) => {
      let last = transactionOf([[key(0), 0]]);
      const chain = [last];
      for (let i = 1; i < count; i++) chain.push((last = transactionOf([[idOf(last), 0]])));
      return { chain, rival: transactionOf([[key(0), 0]]) };
    },
    before: (state, { chain }) => addAll(state, chain),
    measured: (state, { rival }) => add(state, rival),
  }),
  'descendants: children of one that is replaced': curve({
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
  }),
  'orphans: parents that were announced and do not come': curve({
    items: 240,
    times: 1,
    make: (count, key) => ({
      announced: itemsOf(count, key),
      children: upTo(count, (i) => transactionOf([[key(i), 0]])),
    }),
    before: ({ view }, { announced }) => view.announced(announced),
    measured: (state, { children }) => addAll(state, children),
  }),
  'headers: in the table': curve({
    items: 1_000,
    times: 1,
    make: (count, key) => upTo(count, key),
    measured: ({ headers }, hashes) => {
      for (const hash of hashes)
        if (headers.find(hash, 0) < 0)
          headers.add(hash, 0, { parent: 0, height: 0, time: 0, bits: 0, work: 1n });
    },
  }),
  'short ids: of one block': curve({
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
  }),
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  for (const [name, { items, rounds }] of Object.entries(CURVES)) {
    if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
    for (const kind of Object.keys(KEYS) as KeyKind[])
      await costCurve(
        `cost-curves: ${name}, ${kind} keys`,
        SCALES.map((scale) => items * scale),
        SCALES.map((scale) => rounds(scale, kind)),
      );
  }
}

void main();
