import { SystemClock } from '../../src/lib/clock';
import { syncRelayView } from '../../src/mempool/relay-view-sync';
import { Judge } from '../../src/mempool/judge';
import { RelayView } from '../../src/mempool/relay-view';
import { type Block, parseBlock } from '../../src/wire/block';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { at, branch, newProcessor } from '../chain/processor';
import { mineBlock, REGTEST } from '../chain/mine';
import { buildTransaction, type TransactionSpec } from '../wire/build';

const [base] = branch(REGTEST.genesis, 1, 1, 0);
const on = base?.bytes ?? REGTEST.genesis;

const relayed = [1, 2, 3, 4, 5, 6];

/** Transaction number n. */
const spec = (lockTime: number): TransactionSpec => ({
  inputs: [{ prevHash: Buffer.alloc(32, lockTime) }],
  lockTime,
});
const transactionOf = (each: TransactionSpec): Transaction => parseTransaction(buildTransaction(each));

/** A chain of blocks with these transactions, the first on the base. */
function chainOf(salt: number, contents: readonly (readonly (number | TransactionSpec)[])[]): Block[] {
  let last = on;
  return contents.map((transactions, i) => {
    const specs = transactions.map((each) => (typeof each === 'number' ? spec(each) : each));
    last = mineBlock({ on: last, height: 2 + i, salt, transactions: specs });
    return parseBlock(last);
  });
}

/** A relay view that follows a block processor, to which transactions 1 to 6 were relayed. */
function following() {
  const { process, bus, chain } = newProcessor();
  const view = new RelayView({ maxBytes: 1e6, expiryMs: 1e9, coinTransactions: 1_000 }, { bus });
  const clock = new SystemClock();
  const judge = new Judge('core', { bus, monotonicMs: () => clock.monotonicMs() });
  syncRelayView({ view, judge, bus, clock });
  process(base === undefined ? [] : [base]);
  for (const each of relayed) view.add(transactionOf(spec(each)), 0);
  return { process, bus, view, chain, waiting: (): number => view.gauges().transactions };
}

describe('the relay view in a reorganisation', () => {
  it.each([1, 2, 6])('of %i blocks has what the new chain does not contain', (depth) => {
    const { process, view, waiting } = following();
    // The old chain contains 1 to 3, the new one 3 to 5, in blocks that arrived as a side chain.
    const old = chainOf(1, [[1, 2, 3], ...Array.from({ length: depth - 1 }, () => [])]);
    const taking = chainOf(2, [[4, 3], ...Array.from({ length: depth - 1 }, () => []), [5]]);
    process(old);
    expect(waiting()).toBe(3);
    process(taking.slice(0, depth));
    expect(waiting()).toBe(3);
    process(taking.slice(depth));
    expect(waiting()).toBe(3);
    // The transactions that are in the view; a block that contains one leaves one fewer.
    const [next] = chainOf(2, [[4, 3], ...Array.from({ length: depth - 1 }, () => []), [5], [1, 2, 6]]).slice(
      -1,
    );
    process(next === undefined ? [] : [next]);
    expect(view.gauges()).toMatchObject({ transactions: 0, orphans: 0 });
  });

  it('applies a block that arrives after its child', () => {
    const { process, chain, waiting } = following();
    const blocks = chainOf(1, [[1], [2], [3]]);
    for (const { bytes } of blocks) chain.add(bytes);
    process([at(blocks, 0), at(blocks, 2)]);
    expect(waiting()).toBe(4);
    process([at(blocks, 1)]);
    expect(waiting()).toBe(3);
  });

  it('reports a conflict when the block that contains it joins, not when it arrives', () => {
    const { process, bus } = following();
    const conflicts: unknown[] = [];
    bus.on('conflict', (conflict) => conflicts.push(conflict));
    const old = chainOf(1, [[1]]);
    const rival = { ...spec(1), lockTime: 9 };
    const taking = chainOf(2, [[rival], []]);
    process([...old, ...taking.slice(0, 1)]);
    expect(conflicts).toEqual([]);
    process(taking.slice(1));
    expect(conflicts).toMatchObject([
      { txid: transactionOf(rival).wireTxid, conflictsWith: transactionOf(spec(1)).wireTxid },
    ]);
  });
});
