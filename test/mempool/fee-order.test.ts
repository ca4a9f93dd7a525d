import { BUCKET_FLOORS, BIN_FLOORS, binOf } from '../../src/mempool/feerate-bins';
import { MAX_CLUSTER } from '../../src/mempool/fee-order';
import { BLOCK_VSIZE, neededRate } from '../../src/mempool/fee-projection';
import type { RelayView } from '../../src/mempool/relay-view';
import { displayOf } from '../../src/wire/hash';
import type { Transaction } from '../../src/wire/transaction';
import { blockOf, coinbase, type Outpoint, spend, viewOf } from './build';

const COIN = 1_000_000;

/** A view, and a transaction of a block with `count` outputs of a million satoshi. */
function funded(count: number): { readonly view: RelayView; readonly coins: Transaction } {
  const { view } = viewOf({ maxBytes: 1_000_000_000, coinTransactions: 200_000 });
  const coins = coinbase(1, 1);
  const source = spend([[coins, 0]], new Array<number>(count).fill(COIN));
  view.confirm(blockOf([source], coins));
  return { view, coins: source };
}

/** Adds a transaction with one output that pays a fee of `rate` sat/vB. */
function pay(view: RelayView, from: readonly Outpoint[], rate: number): Transaction {
  const valued = (fee: number): Transaction =>
    spend(from, [from.reduce((sum, [parent, i]) => sum + valueOf(parent, i), 0) - fee]);
  const transaction = valued(Math.round(rate * valued(0).vsize));
  view.add(transaction, 0);
  return transaction;
}

const valueOf = (parent: Transaction | number, index: number): number =>
  typeof parent === 'number' ? 0 : (parent.outputs[index]?.value ?? 0);

/** The transactions in their order, with the feerates of their chunks. */
const rates = (view: RelayView): [string, number][] =>
  view.waiting.template(Infinity).map(({ txid, rate }) => [displayOf(txid), rate]);

describe('the bins', () => {
  it('begin at the floors of the buckets, and differ by 1 % at most', () => {
    for (const floor of BUCKET_FLOORS) expect(BIN_FLOORS[binOf(floor)]).toBe(floor);
    BIN_FLOORS.forEach((floor, bin) => {
      expect(binOf(floor)).toBe(bin);
      const next = BIN_FLOORS[bin + 1];
      if (floor > 0 && next !== undefined) expect(next / floor).toBeLessThan(1.0101);
    });
    expect(binOf(1e9)).toBe(BIN_FLOORS.length - 1);
  });
});

describe('the order by fees', () => {
  it('follows children that pay, replacements, blocks and reorganisations', () => {
    const { view, coins } = funded(10);
    const parent = pay(view, [[coins, 0]], 1);
    const other = pay(view, [[coins, 1]], 5);
    expect(rates(view)).toEqual([
      [other.txid, 5],
      [parent.txid, 1],
    ]);
    expect(view.waiting.fees()).toMatchObject({ paidFor: 0, paidForVsize: 0 });
    const child = pay(view, [[parent, 0]], 19);
    expect(rates(view)).toEqual([
      [parent.txid, 10],
      [child.txid, 10],
      [other.txid, 5],
    ]);
    const better = pay(view, [[parent, 0]], 99);
    expect(rates(view)).toEqual([
      [parent.txid, 50],
      [better.txid, 50],
      [other.txid, 5],
    ]);
    expect(view.waiting.fees()).toMatchObject({ paidFor: 1, paidForVsize: parent.vsize });
    const block = blockOf([parent]);
    view.confirm(block);
    expect(rates(view)).toEqual([
      [better.txid, 99],
      [other.txid, 5],
    ]);
    view.disconnect(block.wireHash, 1);
    expect(rates(view).slice(0, 2)).toEqual([
      [parent.txid, 50],
      [better.txid, 50],
    ]);
    view.confirm(blockOf([pay(viewOf().view, [[coins, 0]], 2)]));
    expect(rates(view)).toEqual([[other.txid, 5]]);
  });

  it('leaves out transactions without a known fee until it is known', () => {
    const { view, coins } = funded(1);
    const parent = spend([[coins, 0]], [COIN - 1_000]);
    const child = spend([[parent, 0]], [COIN - 3_000]);
    view.add(child, 0);
    expect(view.waiting.fees()).toMatchObject({ unknown: 1, unknownVsize: child.vsize });
    expect(rates(view)).toEqual([]);
    view.add(parent, 0);
    expect(view.waiting.fees()).toMatchObject({ unknown: 0, unknownVsize: 0 });
    const rate = 3_000 / (parent.vsize + child.vsize);
    expect(rates(view)).toEqual([
      [parent.txid, rate],
      [child.txid, rate],
    ]);
  });

  it('bounds the work on a chain that is longer than any that is relayed', () => {
    const { view, coins } = funded(1);
    let last = coins;
    const chain = Array.from(
      { length: 5 * MAX_CLUSTER },
      (_, i) => (last = pay(view, [[last, 0]], 1 + (i % 7))),
    );
    const { counts, vsizes } = view.waiting.fees();
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    expect(sum(counts)).toBe(chain.length);
    expect(sum(vsizes)).toBe(sum(chain.map(({ vsize }) => vsize)));
    expect(new Set(rates(view).map(([txid]) => txid)).size).toBe(chain.length);
    view.confirm(blockOf(chain));
    expect(sum(view.waiting.fees().counts)).toBe(0);
  });

  it('fills blocks, and tells the feerate that they need', () => {
    const { view, coins } = funded(30_000);
    // Each takes 94 vB or so: 2.5 blocks.
    const sent = Array.from({ length: 30_000 }, (_, i) => pay(view, [[coins, i]], 1 + Math.floor(i / 100)));
    const projection = view.waiting.fees();
    const [first, second, third, fourth] = projection.blocks;
    const highest = [...sent].reverse();
    let vsize = 0;
    const inFirst = highest.filter((transaction) => (vsize += transaction.vsize) <= BLOCK_VSIZE);
    expect(first?.transactions).toBeGreaterThanOrEqual(inFirst.length);
    expect(first?.transactions).toBeLessThanOrEqual(inFirst.length + 1);
    const feeOf = ({ outputs }: Transaction): number => COIN - (outputs[0]?.value ?? 0);
    const fees = inFirst.reduce((sum, transaction) => sum + feeOf(transaction), 0);
    expect(Math.abs((first?.fees ?? 0) / fees - 1)).toBeLessThan(0.001);
    // Of those with the least feerate any may be in it.
    const descending = (values: readonly number[]): number[] => [...values].sort((a, b) => b - a);
    expect(descending(view.waiting.template().map(({ fee }) => fee))).toEqual(descending(inFirst.map(feeOf)));
    const least = inFirst.at(-1);
    const rate = least === undefined ? 0 : feeOf(least) / least.vsize;
    expect(Math.abs(neededRate(projection, 1, 1) / rate - 1)).toBeLessThan(0.01);
    expect(second?.isFull).toBe(true);
    expect(third).toMatchObject({ isFull: false, leastRate: 1 });
    expect(neededRate(projection, 3, 0.1)).toBe(0.1);
    expect(fourth).toEqual({ fees: 0, transactions: 0, leastRate: undefined, isFull: false });
  });
});
