import { EventBus } from '../../src/lib/event-bus';
import type { MempoolEvents } from '../../src/mempool/mempool-events';
import { RelayView } from '../../src/mempool/relay-view';
import type { Transaction } from '../../src/wire/transaction';
import { fakeHash } from '../support/fake-hash';
import { acceptedBlock, announcement, blockOf, coinbase, spend, viewOf, wireId } from './build';

const accepted = ({ txid, size, vsize }: Transaction): unknown => ['accepted', { txid, size, vsize }];
const feeKnown = ({ txid, size, vsize }: Transaction, fee: number): unknown => [
  'feeKnown',
  { txid, fee, size, vsize },
];
const removed = ({ txid }: Transaction, reason: string): unknown => ['removed', { txid, reason }];
const conflict = (
  later: Transaction,
  earlier: Transaction,
  prevOut: string,
  fee?: number,
  otherFee?: number,
): unknown => ['conflict', { txid: later.txid, conflictsWith: earlier.txid, prevOut, fee, otherFee }];

/** `txid:index` of an output of an unknown transaction. */
const unseenOutput = (number: number, index: number): string =>
  `${Buffer.alloc(32, number).toString('hex')}:${index}`;

describe('fees', () => {
  it('are known if every spent output was relayed or in a block', () => {
    const { view, events } = viewOf();
    const first = coinbase(7, 1_000_000);
    view.confirm(blockOf([], first));
    const parent = spend([[first, 0]], [400_000, 500_000]);
    const child = spend([[parent, 1], [parent, 0]], [899_000]); // prettier-ignore
    view.add(parent, 0);
    view.add(child, 0);
    expect(events()).toEqual([
      accepted(parent),
      feeKnown(parent, 100_000),
      accepted(child),
      feeKnown(child, 1_000),
    ]);
    expect(view.gauges()).toEqual({
      transactions: 2,
      bytes: parent.size + child.size,
      withFee: 2,
      orphans: 0,
    });
  });

  it.each([
    ['an input spends what nobody has seen', [5_000], [[9, 0]]],
    ['an index is beyond the outputs', [5_000], [['parent', 2]]],
    ['the outputs are more than the inputs', [300_001], [['parent', 0]]],
  ] as const)('are unknown if %s', (_, values, from) => {
    const { view, events } = viewOf();
    const parent = spend([[1, 0]], [300_000, 5_000]);
    view.confirm(blockOf([parent]));
    const child = spend(from.map(([of, index]) => [of === 'parent' ? parent : of, index] as const), values); // prettier-ignore
    view.add(child, 0);
    expect(events()).toEqual([accepted(child)]);
    expect(view.gauges().withFee).toBe(0);
  });

  it('are known once from a set of unspent outputs, which is only asked for unknown outputs', () => {
    const asked: string[] = [];
    const { view, events } = viewOf({}, (input) => asked.push(`${input.prevTxid}:${input.prevIndex}`));
    const parent = spend([[8, 3]], [40]);
    const child = spend([[9, 1], [parent, 0]], [50]); // prettier-ignore
    view.add(parent, 0);
    view.add(child, 0);
    view.add(child, 0);
    expect(asked).toEqual([unseenOutput(8, 3), unseenOutput(9, 1)]);
    events();
    view.learn(wireId(9), 0, 1_000);
    view.learn(wireId(7), 1, 1_000);
    expect(events()).toEqual([]);
    view.learn(wireId(9), 1, 25);
    view.learn(wireId(9), 1, 1_000);
    expect(events()).toEqual([feeKnown(child, 15)]);
    view.confirm(blockOf([parent]));
    events();
    // A block contains it by now, but its fee is still reported.
    view.learn(wireId(8), 3, 41);
    expect(events()).toEqual([feeKnown(parent, 1)]);
  });

  it('may be zero', () => {
    const { view, events } = viewOf();
    const parent = spend([[1, 0]], [300_000]);
    view.confirm(blockOf([parent]));
    const child = spend([[parent, 0]], [300_000]);
    view.add(child, 0);
    expect(events()).toEqual([accepted(child), feeKnown(child, 0)]);
  });

  it('are reported, once, also for a transaction that was in a block before it was relayed', () => {
    const { view, events } = viewOf();
    const parent = spend([[1, 0]], [300_000]);
    const child = spend([[parent, 0]], [299_000]);
    view.confirm(blockOf([parent, child]));
    view.add(child, 0);
    view.add(child, 0);
    expect(events()).toEqual([feeKnown(child, 1_000)]);
  });

  it('become known, once, when the last parent arrives: relayed, or in a block', () => {
    const { view, events } = viewOf();
    const relayed = spend([[1, 0]], [70_000]);
    const mined = spend([[2, 0]], [50_000]);
    const child = spend([[relayed, 0], [mined, 0]], [119_000]); // prettier-ignore
    view.add(child, 0);
    view.add(relayed, 0);
    expect(events()).toEqual([accepted(child), accepted(relayed)]);
    view.confirm(blockOf([mined]));
    expect(events()).toEqual([feeKnown(child, 1_000)]);
    expect(view.gauges()).toMatchObject({ transactions: 2, withFee: 1 });
    view.add(mined, 0);
    view.confirm(blockOf([relayed]));
    expect(events()).toEqual([removed(relayed, 'block')]);
  });

  it('are unknown if a parent arrived too long ago', () => {
    const { view, events } = viewOf({ coinTransactions: 4 });
    const parent = coinbase(99, 1_000);
    view.confirm(blockOf([], parent));
    for (let i = 0; i < 8; i++) view.confirm(blockOf([]));
    const child = spend([[parent, 0]], [900]);
    view.add(child, 0);
    expect(events()).toEqual([accepted(child)]);
  });
});

describe('what is in the view', () => {
  it('contains a transaction once, whatever witness it comes with again', () => {
    const { view, events } = viewOf();
    const one = spend([[1, 0]], [5], { witness: 'one' });
    const two = spend([[1, 0]], [5], { witness: 'two!' });
    expect(two.txid).toBe(one.txid);
    for (const transaction of [one, one, two]) view.add(transaction, 0);
    expect(events()).toEqual([accepted(one)]);
    expect(view.gauges()).toMatchObject({ transactions: 1, bytes: one.size });
  });

  it('does not include a transaction of a block, however late it is relayed', () => {
    const { view, events } = viewOf();
    const late = spend([[1, 0]], [5]);
    const block = blockOf([late]);
    view.confirm(block);
    view.add(late, 0);
    for (let i = 0; i < 20; i++) view.confirm(blockOf([]));
    view.add(late, 0);
    expect(events()).toEqual([]);
    expect(view.gauges().transactions).toBe(0);
  });

  it('loses the transactions of a block and keeps their descendants', () => {
    const { view, events } = viewOf();
    const parent = spend([[1, 0]], [50]);
    const child = spend([[parent, 0]], [40]);
    view.add(parent, 0);
    view.add(child, 0);
    events();
    view.confirm(blockOf([parent]));
    expect(events()).toEqual([removed(parent, 'block')]);
    expect(view.gauges()).toEqual({ transactions: 1, bytes: child.size, withFee: 1, orphans: 0 });
    view.confirm(blockOf([child]));
    expect(view.gauges()).toEqual({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 });
  });

  it('loses expired transactions, with their descendants', () => {
    const { view, events } = viewOf({ expiryMs: 1_000 });
    const old = spend([[1, 0]], [50]);
    const young = spend([[2, 0]], [50]);
    const child = spend([[old, 0], [young, 0]], [40]); // prettier-ignore
    view.add(old, 0);
    view.add(young, 500);
    view.add(child, 999);
    events();
    view.tick(999);
    expect(events()).toEqual([]);
    view.tick(1_000);
    expect(events()).toEqual([removed(old, 'expired'), removed(child, 'expired')]);
    view.tick(1_500);
    expect(events()).toEqual([removed(young, 'expired')]);
    expect(view.gauges().transactions).toBe(0);
  });

  it('loses the oldest, with its descendants, when it is full', () => {
    const old = spend([[1, 0]], [50]);
    const other = spend([[2, 0]], [50]);
    const child = spend([[old, 0]], [40]);
    const large = spend(Array.from({ length: 30 }, (_, i) => [3, i] as const), [1]); // prettier-ignore
    // With 30 inputs it takes 3,300: there is no room for another one.
    const { view, events } = viewOf({ maxBytes: 3_400 });
    for (const transaction of [old, other, child]) view.add(transaction, 0);
    events();
    view.add(large, 0);
    expect(events()).toEqual([accepted(large), removed(old, 'evicted'), removed(child, 'evicted'), removed(other, 'evicted')]); // prettier-ignore
    expect(view.gauges()).toMatchObject({ transactions: 1, bytes: large.size });
  });

  it('takes no more memory than allowed, however small the transactions are', () => {
    const { view } = viewOf({ maxBytes: 16_000 });
    for (let i = 0; i < 1_000; i++) view.add(spend([[1, i]], [1]), 0);
    // 85 bytes each when serialized: 136 in chunks, and with one input 227 of other data.
    expect(view.gauges().transactions).toBe(Math.floor(16_000 / 363));
  });

  it('reuses the space of transactions that left', () => {
    const allocations = jest.spyOn(Buffer, 'allocUnsafeSlow');
    const { view } = viewOf({ maxBytes: 100_000 });
    // Three mebibytes in all, of which one is used.
    for (let i = 0; i < 150; i++) view.add(spend([[1, i]], [1], { witness: 'x'.repeat(20_000) }), 0);
    expect(view.gauges().transactions).toBe(4);
    expect(allocations.mock.calls.filter(([size]) => size === 2 ** 20)).toHaveLength(1);
    allocations.mockRestore();
  });

  it('takes back the relayed transactions of a block that left the best chain', () => {
    const { view, events } = viewOf();
    const relayed = spend([[1, 0]], [50]);
    const unseen = spend([[2, 0]], [50]);
    const late = spend([[3, 0]], [50]);
    view.add(relayed, 0);
    const stale = blockOf([relayed, unseen, late]);
    view.confirm(stale);
    view.add(late, 0);
    events();
    view.disconnect(stale.wireHash, 10);
    expect(view.gauges()).toMatchObject({ transactions: 2, bytes: relayed.size + late.size });
    expect(events()).toEqual([]);

    const rival = spend([[2, 0]], [49]);
    view.confirm(blockOf([relayed, rival]));
    expect(events()).toEqual([removed(relayed, 'block')]);
    expect(view.gauges().transactions).toBe(1);
    view.disconnect(fakeHash(''), 10);
    expect(view.gauges().transactions).toBe(1);
  });
});

describe('a reorganisation', () => {
  const outcome = (returned: number, confirmed: number, lost: number): unknown => [
    'reorganised',
    { returned, confirmed, lost },
  ];

  it('ends with what became of the transactions of the blocks that left', () => {
    const { view, events } = viewOf();
    const [waits, again, rival, unseen] = [1, 2, 3, 4].map((number) => spend([[number, 0]], [50]));
    if (!waits || !again || !rival || !unseen) throw new Error('no transactions');
    for (const transaction of [waits, again, rival]) view.add(transaction, 0);
    const [lower, higher] = [blockOf([waits, again]), blockOf([rival, unseen])];
    view.confirm(lower);
    view.confirm(higher);
    view.settle();
    events();
    view.disconnect(higher.wireHash, 10);
    view.disconnect(lower.wireHash, 10);
    const winner = spend([[3, 0]], [40]);
    view.confirm(blockOf([again, winner]));
    view.settle();
    expect(events()).toEqual([
      removed(again, 'block'),
      conflict(winner, rival, unseenOutput(3, 0)),
      removed(rival, 'conflict'),
      outcome(1, 1, 2),
    ]);
    view.settle();
    expect(events()).toEqual([]);
  });

  it('knows a block that has become old meanwhile', () => {
    const { view, events } = viewOf();
    const relayed = spend([[1, 0]], [50]);
    view.add(relayed, 0);
    const stale = blockOf([relayed]);
    view.confirm(stale);
    view.disconnect(stale.wireHash, 10);
    view.confirm(blockOf([relayed]));
    for (let i = 0; i < 20; i++) view.confirm(blockOf([]));
    events();
    view.settle();
    expect(events()).toEqual([outcome(0, 1, 0)]);
  });
});

describe('conflicts', () => {
  const funding = spend([[100, 0]], [100_000, 200_000, 300_000]);
  const funded = (): ReturnType<typeof viewOf> => {
    const bench = viewOf();
    bench.view.confirm(blockOf([funding]));
    return bench;
  };
  const output = (index: number): string => `${funding.txid}:${index}`;

  it('are reported once for each output, and the later transaction replaces the earlier one', () => {
    const { view, events } = viewOf();
    const earlier = spend([[1, 0], [1, 1], [1, 2]], [50]); // prettier-ignore
    const child = spend([[earlier, 0]], [40]);
    const later = spend([[1, 2], [1, 0]], [45]); // prettier-ignore
    view.add(earlier, 0);
    view.add(child, 0);
    events();
    view.add(later, 0);
    expect(events()).toEqual([
      conflict(later, earlier, unseenOutput(1, 2)),
      conflict(later, earlier, unseenOutput(1, 0)),
      removed(earlier, 'replaced'),
      removed(child, 'replaced'),
      accepted(later),
    ]);
    expect(view.gauges()).toMatchObject({ transactions: 1, bytes: later.size });
  });

  it.each([
    ['more', 98_999, true],
    ['the same', 99_000, false],
    ['less', 99_001, false],
  ])('leave the later one in the view only if it pays more: %s', (_, value, stays) => {
    const { view, events } = funded();
    const earlier = spend([[funding, 0]], [99_000]);
    const later = spend([[funding, 0]], [value], { lockTime: 1 });
    view.add(earlier, 0);
    events();
    view.add(later, 0);
    expect(events()[0]).toEqual(conflict(later, earlier, output(0), 100_000 - value, 1_000));
    expect(view.gauges().transactions).toBe(1);
    view.confirm(blockOf([stays ? later : earlier]));
    expect(view.gauges().transactions).toBe(0);
  });

  it('count the fees of all that would be replaced', () => {
    const { view, events } = funded();
    const one = spend([[funding, 0]], [99_000]);
    const two = spend([[funding, 1]], [199_000]);
    const both = spend([[funding, 0], [funding, 1]], [298_000]); // prettier-ignore
    for (const transaction of [one, two, both]) view.add(transaction, 0);
    expect(events().slice(4)).toEqual([
      conflict(both, one, output(0), 2_000, 1_000),
      conflict(both, two, output(1), 2_000, 1_000),
      feeKnown(both, 2_000),
    ]);
    expect(view.gauges().transactions).toBe(2);
  });

  it('number one fewer than the transactions that spend an output', () => {
    const { view, events } = viewOf();
    const versions = Array.from({ length: 10 }, (_, lockTime) => spend([[1, 0]], [50], { lockTime }));
    for (const version of versions) view.add(version, 0);
    // A replaced transaction may be relayed again, and one of them is in a block: both are known already.
    for (const version of versions.slice(3, 4)) view.add(version, 0);
    view.confirm(blockOf(versions.slice(5, 6)));
    const conflicts = events().filter(([name]) => name === 'conflict');
    expect(conflicts).toEqual(
      versions.flatMap((earlier, i) =>
        versions.slice(i + 1, i + 2).map((later) => conflict(later, earlier, unseenOutput(1, 0))),
      ),
    );
    expect(view.gauges().transactions).toBe(0);
  });

  it('are decided by a block whose transaction was never relayed', () => {
    const { view, events } = funded();
    const relayed = spend([[funding, 0]], [99_000]);
    const child = spend([[relayed, 0]], [98_000]);
    const mined = spend([[funding, 0]], [99_500]);
    view.add(relayed, 0);
    view.add(child, 0);
    events();
    view.confirm(blockOf([mined]));
    expect(events()).toEqual([
      conflict(mined, relayed, output(0), 500, 1_000),
      removed(relayed, 'conflict'),
      removed(child, 'conflict'),
    ]);
  });

  it('are detected when the block arrived first, and the block wins', () => {
    const { view, events } = funded();
    const mined = spend([[funding, 0]], [99_500]);
    const late = spend([[funding, 0]], [1_000]);
    view.confirm(blockOf([mined]));
    view.add(late, 0);
    view.add(late, 0);
    expect(events()).toEqual([conflict(late, mined, output(0), 99_000, 500), feeKnown(late, 99_000)]);
    expect(view.gauges().transactions).toBe(0);
  });

  it('survive blocks that no miner could have made', () => {
    const { view } = viewOf();
    const twice = spend([[1, 0], [1, 0]], [50]); // prettier-ignore
    const again = spend([[1, 0], [1, 0]], [49]); // prettier-ignore
    view.confirm(blockOf([twice, again, twice]));
    view.confirm(blockOf([again]));
    for (let i = 0; i < 20; i++) view.confirm(blockOf([]));
    view.add(spend([[1, 0]], [3]), 0);
    expect(view.gauges().transactions).toBe(1);
  });
});

describe('replacements', () => {
  it('are told once the new transaction is in the view, with what left it', () => {
    const bus = new EventBus<MempoolEvents>();
    const view = new RelayView({ maxBytes: 1e6, expiryMs: 1e9, coinTransactions: 1_000 }, { bus });
    const told: object[] = [];
    bus.on('replacement', (event) => told.push({ ...event, inView: view.gauges().transactions }));
    const coins = coinbase(7, 3_000_000);
    const source = spend([[coins, 0]], [1_000_000, 1_000_000, 1_000_000]);
    view.confirm(blockOf([source], coins));
    const one = spend([[source, 0]], [999_000]);
    const child = spend([[one, 0]], [990_000]);
    const other = spend(
      [
        [source, 1],
        [source, 2],
      ],
      [1_999_500],
    );
    view.add(one, 1_000);
    view.add(child, 1_500);
    view.add(other, 2_000);
    const better = spend(
      [
        [source, 0],
        [source, 1],
        [source, 2],
      ],
      [2_980_000],
    );
    const worse = spend([[source, 0]], [998_999]);
    view.add(better, 4_000);
    view.add(worse, 5_000);
    expect(told).toEqual([
      {
        ...{ txid: better.wireTxid, fee: 20_000, vsize: better.vsize, inView: 1 },
        ...{ replaced: [one.wireTxid, other.wireTxid], waitedMs: 3_000 },
        evicted: { transactions: 3, fees: 10_500, vsize: one.vsize + child.vsize + other.vsize },
      },
    ]);
  });
});

describe('orphans', () => {
  const parent = spend([[1, 0]], [50_000, 60_000]);
  const child = spend([[parent, 0], [2, 0]], [40]); // prettier-ignore
  const sibling = spend([[parent, 1]], [40]);

  it('are none if nobody announced the parent: it may be in a block from before the start', () => {
    const { view } = viewOf();
    view.add(child, 0);
    expect(view.gauges().orphans).toBe(0);
  });

  it.each([
    ['comes', (view: ReturnType<typeof viewOf>['view']) => view.add(parent, 0)],
    ['is in a block', (view: ReturnType<typeof viewOf>['view']) => view.confirm(blockOf([parent]))],
  ])('wait for an announced parent until it %s', (_, arrive) => {
    const { view } = viewOf();
    view.announced([announcement(parent), { type: 2, hash: announcement(2).hash }]);
    view.add(child, 0);
    view.add(sibling, 0);
    expect(view.gauges().orphans).toBe(2);
    arrive(view);
    expect(view.gauges().orphans).toBe(0);
  });

  it('wait for each of their parents', () => {
    const { view } = viewOf();
    view.announced([announcement(parent), announcement(2)]);
    view.add(child, 0);
    view.add(parent, 0);
    expect(view.gauges().orphans).toBe(1);
  });

  it('include those whose parent was replaced or refused, before or after them', () => {
    const { view } = viewOf();
    const rival = spend([[1, 0]], [49]);
    view.add(parent, 0);
    view.add(rival, 0);
    view.add(sibling, 0);
    expect(view.gauges()).toMatchObject({ transactions: 2, orphans: 1 });

    const other = viewOf().view;
    other.confirm(blockOf([rival]));
    other.add(sibling, 0);
    expect(other.gauges().orphans).toBe(0);
    other.add(parent, 0);
    expect(other.gauges()).toMatchObject({ transactions: 1, orphans: 1 });
  });

  it('are dropped as they leave', () => {
    const { view } = viewOf({ expiryMs: 10 });
    view.announced([announcement(parent)]);
    view.add(child, 0);
    view.add(sibling, 5);
    view.tick(10);
    expect(view.gauges()).toMatchObject({ transactions: 1, orphans: 1 });
    view.confirm(blockOf([sibling]));
    expect(view.gauges()).toMatchObject({ transactions: 0, orphans: 0 });
  });
});

describe('unseen', () => {
  it('counts the transactions of a block that were never relayed, without the coinbase', () => {
    const { view } = viewOf({ expiryMs: 1 });
    const [one, two, gone, unseen] = [1, 2, 3, 4].map((n) => spend([[n, 0]], [5])) as [
      Transaction,
      Transaction,
      Transaction,
      Transaction,
    ];
    view.add(gone, 0);
    view.tick(5);
    view.add(one, 5);
    view.add(two, 5);
    const block = blockOf([one, two, gone, unseen]);
    const examiner = view.examiner('btcd');
    expect(examiner.examine(acceptedBlock(block)).numUnseen).toBe(1);
    view.confirm(block);
    expect(examiner.examine(acceptedBlock(block)).numUnseen).toBe(1);
  });
});
