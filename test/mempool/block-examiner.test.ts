import type { BlockStatus } from '../../src/chain/chain-events';
import { EventBus } from '../../src/lib/event-bus';
import { Judge } from '../../src/mempool/judge';
import { syncRelayView } from '../../src/mempool/relay-view-sync';
import { RelayView } from '../../src/mempool/relay-view';
import type { MonitorEvents } from '../../src/metrics/collector';
import { POLICY_NAMES, type PolicyName, standardness } from '../../src/policy/standardness';
import { type Block, parseBlock } from '../../src/wire/block';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { somePeer, TestClock } from '../support/points';
import { buildTransaction, type TransactionSpec } from '../wire/build';
import { acceptedBlock, blockOf, coinbase, spend } from './build';

/** A relay view that hears of relayed transactions as a listener does. */
function listening(policy: PolicyName) {
  const bus = new EventBus<MonitorEvents>();
  const clock = new TestClock();
  const view = new RelayView({ maxBytes: 1e8, expiryMs: 1e9, coinTransactions: 1_000 }, { bus });
  syncRelayView({ view, judge: new Judge(policy, { bus, monotonicMs: () => clock.ms }), bus, clock });
  const relay = (transaction: Transaction): void =>
    bus.emit('transaction', { peer: somePeer, transaction, first: true, receivedMs: clock.ms });
  return { bus, view, relay };
}

const made = (spec: TransactionSpec): Transaction => parseTransaction(buildTransaction(spec));
const WHOLE: TransactionSpec = {
  inputs: [{ prevHash: Buffer.alloc(32, 9), witness: [Buffer.alloc(40)] }],
  outputs: [{ value: 100_000, script: Buffer.concat([Buffer.of(0, 20), Buffer.alloc(20, 7)]) }],
};
const BULKY = { ...WHOLE, inputs: [{ prevHash: Buffer.alloc(32, 9), witness: [Buffer.alloc(400_000)] }] };

/** What each rule says of the transactions of a block, judged anew. */
const judgedAnew = (policy: PolicyName, { transactions }: Block, nextHeight: number): number =>
  transactions.filter(
    (each) => !each.isCoinbase && standardness(policy, each, { nextHeight }).reason !== undefined,
  ).length;

describe.each(POLICY_NAMES)('a block examined by the policy of %s', (policy) => {
  const standard = made(WHOLE);
  const future = made({ ...WHOLE, version: 77, inputs: [{ prevHash: Buffer.alloc(32, 8) }] });

  it('has as many transactions of each kind as if each were judged anew', () => {
    const { view, relay } = listening(policy);
    const unseen = made({ ...WHOLE, inputs: [{ prevHash: Buffer.alloc(32, 7) }] });
    relay(standard);
    relay(future);
    const block = blockOf([standard, future, unseen]);
    const { held, ...rest } = view.examiner(policy).examine(acceptedBlock(block, 5));
    expect(rest).toMatchObject({ numUnseen: 1, numInputs: 4, numOutputs: 4 });
    expect(judgedAnew(policy, block, 5)).toBe(1);
    expect(held?.numNonStandard).toBe(1);
  });

  it('judges what came with another witness, and what was not standard when it was relayed', () => {
    const { view, relay } = listening(policy);
    relay(standard);
    const bulky = made(BULKY);
    expect(bulky.txid).toBe(standard.txid);
    const block = blockOf([bulky]);
    expect(judgedAnew(policy, block, 5)).toBe(1);
    expect(view.examiner(policy).examine(acceptedBlock(block, 5)).held?.numNonStandard).toBe(1);

    const other = listening(policy);
    // What came first was no standard one: that says nothing of the one in the block.
    other.relay(bulky);
    const small = blockOf([standard]);
    expect(other.view.examiner(policy).examine(acceptedBlock(small, 5)).held?.numNonStandard).toBe(0);
  });

  it.each<BlockStatus>(['side_chain', 'rejected', 'duplicate', 'unrequested', 'orphan'])(
    'is not held to the relay view where it is %s',
    (status) => {
      const { view, relay } = listening(policy);
      relay(standard);
      const examined = view
        .examiner(policy)
        .examine({ ...acceptedBlock(blockOf([standard, future])), status });
      expect(examined).toMatchObject({ numUnseen: 1, held: undefined });
    },
  );
});

it('does not take for standard what Core refuses as paid dust, where the fee is not asked', () => {
  const { bus, view, relay } = listening('core');
  const coins = spend([[1, 0]], [5_000, 5_000]);
  view.confirm(blockOf([coins]));
  const verdicts: unknown[] = [];
  bus.on('judged', ({ verdict }) => verdicts.push(verdict.reason));
  const dusty = made({
    inputs: [{ prevHash: Buffer.from(coins.wireTxid, 'latin1'), prevIndex: 0 }],
    outputs: [
      { value: 3_000, script: Buffer.concat([Buffer.of(0, 20), Buffer.alloc(20, 7)]) },
      { value: 1, script: Buffer.concat([Buffer.of(0, 20), Buffer.alloc(20, 8)]) },
    ],
  });
  relay(dusty);
  expect(verdicts).toEqual(['dust']);
  const block = blockOf([dusty]);
  expect(view.examiner('core').examine(acceptedBlock(block)).held?.numNonStandard).toBe(
    judgedAnew('core', block, 1),
  );
});

it('is told once of each judged block, before the relay view takes it', () => {
  const { bus, view, relay } = listening('btcd');
  const coins = spend([[1, 0]], [50_000]);
  view.confirm(blockOf([coins]));
  const child = spend([[coins, 0]], [40_000]);
  relay(child);
  const told: unknown[] = [];
  bus.on('blockExamined', ({ judged, numUnseen, held }) =>
    told.push([judged.block.hash, numUnseen, held?.waited.map(({ txid, fee }) => [txid, fee])]),
  );
  const block = parseBlock(blockOf([child], coinbase(2, 50)).bytes);
  bus.emit('processedBlock', acceptedBlock(block, 2));
  bus.emit('blockConnected', { block, height: 2 });
  expect(told).toEqual([[block.hash, 0, [[child.wireTxid, 10_000]]]]);
  expect(view.gauges().transactions).toBe(0);
});
