import { RelayView } from '../../src/mempool/relay-view';
import { blockTemplates } from '../../src/metrics/collectors/block-templates';
import { feeError } from '../../src/metrics/collectors/fee-error';
import { wireHash } from '../../src/wire/hash';
import { type Block, parseBlock } from '../../src/wire/block';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { buildHeader, buildTransaction, compactSize, uint32 } from '../wire/build';
import { coinbase, type Outpoint, spend } from '../mempool/build';
import { type Bench, benchOf } from '../support/points';
import { EventBus } from '../../src/lib/event-bus';
import type { MempoolEvents } from '../../src/mempool/mempool-events';

const COIN = 1_000_000;
/** vB of a block that `weigh` makes. */
const FULL = 999_000;

/** A relay view, the collectors that judge blocks by it, and the events of blocks in the order of a run. */
class Chain {
  readonly view = new RelayView(
    { maxBytes: 1e9, expiryMs: 1e9, coinTransactions: 100_000 },
    { bus: new EventBus<MempoolEvents>() },
  );
  readonly bench: Bench;
  readonly coins: Transaction;
  private tip = Buffer.alloc(32);
  private height = 0;
  unixTime = 1_700_000_000;

  constructor() {
    const examiner = this.view.examiner('btcd');
    this.bench = benchOf([blockTemplates, feeError], {
      waiting: this.view.waiting,
      examine: (judged) => examiner.examine(judged),
      unixTime: () => this.unixTime,
    });
    const first = coinbase(1, COIN);
    this.coins = spend([[first, 0]], new Array<number>(40_000).fill(COIN));
    this.view.confirm(blockWith(this.tip, [first, this.coins], 0));
  }

  /** Relays a transaction of about 94 vB that pays so many sat/vB. */
  relay(from: Outpoint, rate: number, value = COIN): Transaction {
    const { vsize } = spend([from], [value]);
    const transaction = spend([from], [value - Math.round(rate * vsize)]);
    this.view.add(transaction, this.bench.clock.ms);
    return transaction;
  }

  /** A block with these transactions comes; it weighs as much as a full one where that is wanted. */
  mine(transactions: readonly Transaction[], { isFull = false, time = this.unixTime } = {}): Block {
    const used = transactions.reduce((sum, { vsize }) => sum + vsize, 0);
    const sigScript = Buffer.concat([uint32(this.height), Buffer.alloc(isFull ? FULL - used : 10)]);
    const first = parseTransaction(
      buildTransaction({
        inputs: [{ prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff, sigScript }],
        outputs: [{ value: 1 }],
      }),
    );
    const block = blockWith(this.tip, [first, ...transactions], time);
    this.height += 1;
    const { height, bench } = this;
    const told = { peerAddress: undefined, reason: undefined, processTimeMs: 1, totalTxFees: 0 };
    bench.bus.emit('processedBlock', { ...told, block, status: 'accepted', height });
    this.view.confirm(block);
    bench.bus.emit('newBest', { block, height, medianTime: undefined });
    this.tip = Buffer.from(block.wireHash, 'latin1');
    return block;
  }

  points(series: 'block_templates' | 'fee_error'): Record<string, unknown>[] {
    return this.bench.points.filter((point) => point.series === series).map(({ fields }) => ({ ...fields }));
  }
}

function blockWith(tip: Buffer, transactions: readonly Transaction[], time: number): Block {
  const header = buildHeader();
  tip.copy(header, 4);
  header.writeUInt32LE(time, 68);
  return parseBlock(
    Buffer.concat([
      header,
      compactSize(transactions.length),
      ...transactions.map(({ bytes, start, end }) => bytes.subarray(start, end)),
    ]),
  );
}

describe('block_templates', () => {
  it('tells what a block lacks of its template, and what it has besides', () => {
    const chain = new Chain();
    const { coins, bench } = chain;
    const [a, b, c] = [0, 1, 2].map((i) => chain.relay([coins, i], 10 + i));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three transactions');
    bench.clock.ms = 60_000;
    const late = chain.relay([coins, 3], 20);
    bench.clock.ms = 70_000;
    const cheap = chain.relay([coins, 4], 0.2);
    const unseen = spend([[coins, 5]], [COIN]);
    const block = chain.mine([a, cheap, unseen]);
    const feeOf = ({ outputs }: Transaction): number => COIN - (outputs[0]?.value ?? 0);
    const all = [a, b, c, late, cheap].reduce((sum, transaction) => sum + feeOf(transaction), 0);
    expect(bench.complaints).toEqual([]);
    expect(chain.points('block_templates')).toEqual([
      {
        height: 1,
        share: ((feeOf(a) + feeOf(cheap)) / all) * 100,
        template_num_tx: 5,
        template_fees: all,
        shared_num_tx: 2,
        shared_fees: feeOf(a) + feeOf(cheap),
        missing_num_tx: 3,
        missing_age_p50: 70_000,
        prioritised_num_tx: 0,
        unseen_num_tx: 1,
        below_min_num_tx: 1,
        non_standard_num_tx: 0,
        is_empty: false,
        since_parent: undefined,
        time_ahead: 0,
        sha: block.hash,
      },
    ]);
    expect(bench.points[0]?.tags).toMatchObject({ pool: 'unknown' });
  });

  it('tells what a miner prefers where the template is full, empty blocks, and times', () => {
    const chain = new Chain();
    const sent = Array.from({ length: 12_000 }, (_, i) => chain.relay([chain.coins, i], 5 + (i % 7)));
    const low = chain.relay([chain.coins, 20_000], 2);
    chain.mine([]);
    chain.unixTime += 100;
    chain.mine([low, ...sent.slice(0, 10)], { time: chain.unixTime + 7 });
    const [empty, second] = chain.points('block_templates');
    expect(empty).toMatchObject({ is_empty: true, shared_num_tx: 0, share: 0 });
    expect(empty?.['missing_num_tx']).toBe(empty?.['template_num_tx']);
    expect(second).toMatchObject({ is_empty: false, since_parent: 107_000, time_ahead: 7_000 });
    expect(second?.['prioritised_num_tx']).toBeGreaterThanOrEqual(1);
  });

  it('counts what the policy does not call standard', () => {
    const chain = new Chain();
    const odd = parseTransaction(
      buildTransaction({
        inputs: [{ prevHash: Buffer.alloc(32, 3) }],
        version: 77,
        outputs: [{ value: 5_000 }],
      }),
    );
    chain.mine([odd]);
    expect(chain.points('block_templates')).toMatchObject([{ non_standard_num_tx: 1 }]);
  });
});

describe('fee_error', () => {
  it('holds what was said to be needed to what a full block took', () => {
    const chain = new Chain();
    const { coins } = chain;
    // More than a block at 8 sat/vB, and a third of a block at 20.
    const low = Array.from({ length: 14_000 }, (_, i) => chain.relay([coins, i], 8));
    const high = Array.from({ length: 3_500 }, (_, i) => chain.relay([coins, 14_000 + i], 20));
    chain.mine(high.slice(0, 100));
    expect(chain.points('fee_error')).toEqual([]);
    // Then there comes as much at 20 again: a block takes nothing else.
    const more = Array.from({ length: 9_000 }, (_, i) => chain.relay([coins, 17_500 + i], 20));
    const second = chain.mine([...high.slice(100), ...more.slice(0, 6_500)], { isFull: true });
    expect(chain.points('fee_error')).toEqual([
      { estimate: 8, needed: 20, excess: (8 / 20 - 1) * 100, sha: second.hash },
    ]);
    // A block that has room to spare takes all that is relayed.
    const third = chain.mine([...more.slice(6_500), ...low.slice(0, 100)]);
    expect(chain.points('fee_error').slice(1)).toEqual([
      { estimate: 8, needed: 1, excess: 700, sha: third.hash },
    ]);
    chain.bench.bus.emit('reorg', {
      ...{ depth: 1, forkHeight: 2, oldTip: wireHash('00'.repeat(32)), newTip: wireHash('11'.repeat(32)) },
    });
    chain.mine(low.slice(100, 200));
    expect(chain.points('fee_error')).toHaveLength(2);
    expect(
      chain.bench.points.filter(({ series }) => series === 'fee_error').map(({ tags }) => tags['blocks']),
    ).toEqual(['1', '1']);
  });

  it('says nothing where the relay view does not know what is mined', () => {
    const chain = new Chain();
    const unseen = [0, 1, 2].map((i) => spend([[chain.coins, i]], [COIN - 500]));
    for (let i = 0; i < 3; i++) chain.mine(unseen.slice(i, i + 1));
    expect(chain.points('fee_error')).toEqual([]);
  });
});
