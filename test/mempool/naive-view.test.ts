import fc from 'fast-check';
import type { Block } from '../../src/wire/block';
import type { RelayedTransactions } from '../../src/mempool/relayed-transactions';
import { displayOf, wireHash } from '../../src/wire/hash';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { acceptedBlock, announcement, blockOf, type Outpoint, spend, viewOf } from './build';
import { naiveRates } from './naive-chunks';
import { NaiveView } from './naive-view';

const TRANSACTIONS = 14;
/** Such tight limits that transactions expire and are evicted in every other run. */
const OPTIONS = { maxBytes: 4_000, expiryMs: 60, coinTransactions: 1_000 };

/**
 * Transactions that spend unknown outputs, each other's outputs, already spent outputs, and outputs that do
 * not exist.
 */
const transactions = fc
  .array(
    fc.record({
      from: fc.uniqueArray(fc.tuple(fc.nat(TRANSACTIONS + 2), fc.constantFrom(0, 0, 0, 1, 1, 2)), {
        minLength: 1,
        maxLength: 3,
        selector: ([parent, index]) => parent * 3 + index,
      }),
      values: fc.array(fc.nat(60), { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 10, maxLength: TRANSACTIONS },
  )
  .map((specs) => {
    const made: Transaction[] = [];
    specs.forEach(({ from, values }, lockTime) => {
      // A number that is no earlier transaction stands for one of three unknown ones.
      const outpoints = from.map(([parent, index]): Outpoint => [made[parent] ?? (parent % 3) + 1, index]);
      const unique = new Map(
        outpoints.map((outpoint) => [
          `${typeof outpoint[0] === 'number' ? outpoint[0] : outpoint[0].txid}:${outpoint[1]}`,
          outpoint,
        ]),
      );
      // Decreasing values, so that descendants mostly pay a fee.
      const lessening = values.map((value) => value + 50 * (TRANSACTIONS - lockTime));
      made.push(spend([...unique.values()], lessening, { lockTime }));
    });
    return made;
  });

const which = fc.nat(TRANSACTIONS - 1);
const operations = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('add' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('announce' as const), which }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('confirm' as const),
        all: fc.uniqueArray(which, { maxLength: 4 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('disconnect' as const), depth: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  ),
  { minLength: 25, maxLength: 50 },
);

/** The wtxids of the kept serializations, each checked to be the hash of its bytes. */
function wtxidsOf(relayed: RelayedTransactions): string[] {
  const wtxids: string[] = [];
  relayed.each((memory, start, handle) => {
    const bytes = Buffer.alloc(relayed.size(handle));
    relayed.copy(handle, bytes, 0);
    const wtxid = Buffer.from(memory.buffer, memory.byteOffset + start, 32).toString('latin1');
    expect(wtxid).toBe(wireHash(parseTransaction(bytes).wtxid));
    wtxids.push(parseTransaction(bytes).wtxid);
    return true;
  });
  return wtxids.sort();
}

const sorted = (events: readonly unknown[]): string[] => events.map((event) => JSON.stringify(event)).sort();

describe('RelayView', () => {
  it('does what its documentation says, step by step', () => {
    fc.assert(
      fc.property(transactions, operations, (universe, steps) => {
        const { view, events } = viewOf(OPTIONS);
        const examiner = view.examiner('btcd');
        const naive = new NaiveView(OPTIONS);
        const chain: Block[] = [];
        const pick = (numbers: readonly number[]): Transaction[] =>
          numbers.flatMap((number) => universe.slice(number, number + 1));
        let now = 0;
        for (const step of steps) {
          now += 5;
          switch (step.do) {
            case 'add':
              for (const transaction of pick([step.which])) {
                view.add(transaction, now);
                naive.add(transaction, now);
              }
              break;
            case 'announce':
              for (const transaction of pick([step.which])) {
                view.announced([announcement(transaction)]);
                naive.announced(transaction.txid);
              }
              break;
            case 'confirm': {
              // Another test covers dropping deep blocks.
              if (chain.length > 10) break;
              const block = blockOf(pick(step.all));
              expect(examiner.examine(acceptedBlock(block)).numUnseen).toBe(naive.unseen(block));
              view.confirm(block);
              naive.confirm(block);
              chain.push(block);
              break;
            }
            case 'disconnect': {
              const block = chain.at(-1 - step.depth);
              if (block === undefined) break;
              view.disconnect(block.wireHash, now);
              naive.disconnect(block.wireHash, now);
              break;
            }
            case 'settle':
              view.settle();
              naive.settle();
              break;
            case 'tick':
              view.tick(now);
              naive.tick(now);
          }
          expect(sorted(events())).toEqual(sorted(naive.events.splice(0)));
          expect(view.gauges()).toEqual(naive.gauges());
          const rates = view.waiting
            .template(Infinity)
            .map(({ txid, rate }) => [displayOf(txid), rate] as const);
          expect(new Map(rates)).toEqual(naiveRates(naive.waiting()));
          expect(wtxidsOf(view.relayed)).toEqual(naive.kept().sort());
        }
      }),
      { numRuns: 200 },
    );
  });
});
