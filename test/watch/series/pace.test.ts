import { EventBus } from '../../../src/lib/event-bus';
import type { MempoolEvents } from '../../../src/mempool/mempool-events';
import { CallBudget } from '../../../src/watch/series/call-budget';
import { KnownTransactions } from '../../../src/watch/series/known-transactions';
import { MissedCounts } from '../../../src/watch/series/missed-counts';
import { PacedTask } from '../../../src/watch/series/paced-task';
import { WaitingFees } from '../../../src/watch/series/waiting-fees';
import type { IdentifiedNode } from '../../../src/watch/identify';
import type { Hash } from '../../../src/wire/hash';
import { fakeHash } from '../../support/fake-hash';
import { TestClock } from '../../support/points';

/** No task of these tests asks it. */
const nobody = {} as IdentifiedNode;
const hashOf = (n: number): Hash => fakeHash(String.fromCharCode(n % 256, n >> 8));

describe('the pace of a task', () => {
  const pacedBy = (clock: TestClock, every: 'interval' | 'minute', tookMs: () => number) =>
    new PacedTask('uptime', { clock, every, share: 0.01 }, () => {
      clock.ms += tookMs();
      return Promise.resolve();
    });

  it('is that of the intervals, and stretches where the node is slow', async () => {
    const clock = new TestClock();
    let tookMs = 10;
    const task = pacedBy(clock, 'interval', () => tookMs);
    expect(task.dueInMs(0, undefined)).toBeLessThanOrEqual(0);
    await task.run(nobody);
    expect(task.dueInMs(clock.ms, undefined)).toBe(Infinity);
    task.intervalEnded();
    // It took a hundredth of this.
    expect(task.dueInMs(clock.ms, undefined)).toBe(1_000);
    clock.ms += 5_000;
    expect(task.dueInMs(clock.ms, undefined)).toBeLessThanOrEqual(0);
    tookMs = 300;
    await task.run(nobody);
    task.intervalEnded();
    expect(task.dueInMs(clock.ms, undefined)).toBe(30_000);
    task.intervalEnded();
    expect(task.dueInMs(clock.ms, undefined)).toBe(30_000);
  });

  it('does not stretch by one slow answer, where time was saved up', async () => {
    const clock = new TestClock();
    let tookMs = 500;
    const task = new PacedTask('uptime', { clock, every: 'interval', share: 0.01, savedMs: 600 }, () => {
      clock.ms += tookMs;
      return Promise.resolve();
    });
    const run = async (): Promise<number> => {
      await task.run(nobody);
      task.intervalEnded();
      return task.dueInMs(clock.ms, undefined);
    };
    expect(await run()).toBe(0);
    // Of the second slow one in a row, 400 ms are not saved up.
    expect(await run()).toBe(40_000);
    // The pause pays for it, and saves nothing.
    clock.ms += 40_000;
    tookMs = 10;
    expect(await run()).toBe(1_000);
    // No more is saved in an hour than may be saved.
    clock.ms += 3_600_000;
    tookMs = 650;
    expect(await run()).toBe(5_000);
  });

  it('is a minute, or sooner where it is marked', async () => {
    const clock = new TestClock();
    const task = pacedBy(clock, 'minute', () => 10);
    await task.run(nobody);
    task.intervalEnded();
    expect(task.dueInMs(10, undefined)).toBe(59_990);
    task.mark();
    expect(task.dueInMs(10, undefined)).toBe(1_000);
  });

  it('comes back within a minute after a call that failed, however long it took', async () => {
    const clock = new TestClock();
    const task = new PacedTask('uptime', { clock, every: 'interval', share: 0.001 }, () => {
      clock.ms += 30_000;
      return Promise.reject(new Error('hangs'));
    });
    await expect(task.run(nobody)).rejects.toThrow('hangs');
    expect(task.dueInMs(clock.ms, undefined)).toBe(60_000);
  });
});

describe('a budget of calls', () => {
  it('lets begin as long as anything is left, and has the rest paid back', () => {
    const budget = new CallBudget({ perMinuteMs: 6_000, mostMs: 1_000 });
    expect(budget.waitMs(0)).toBe(0);
    budget.spend(900, 0);
    expect(budget.waitMs(0)).toBe(0);
    budget.spend(400, 0);
    // 300 ms too much, and one to begin with: a tenth of the time is given.
    expect(budget.waitMs(0)).toBe(3_010);
    expect(budget.waitMs(3_010)).toBe(0);
    // No more than a second is saved up.
    budget.spend(1_001, 600_000);
    expect(budget.waitMs(600_000)).toBeGreaterThan(0);
  });
});

describe('the known transactions', () => {
  it('are forgotten ten minutes after they were seen last, and not after a gap', () => {
    let now = 0;
    const known = new KnownTransactions(() => now);
    for (let i = 0; i < 100; i++) known.add(hashOf(i));
    now = 599_999;
    for (let i = 0; i < 50; i++) expect(known.see(hashOf(i))).toBe(true);
    now = 700_000;
    // The node came back a minute ago: its mempool may still be loading.
    known.prune(640_000);
    expect(known.has(hashOf(99))).toBe(true);
    known.prune(0);
    expect([0, 49, 50, 99].map((i) => known.has(hashOf(i)))).toEqual([true, true, false, false]);
    known.add(hashOf(99));
    expect(known.has(hashOf(99))).toBe(true);
    expect(known.see(hashOf(1_000))).toBe(false);
  });
});

describe('the waiting fees', () => {
  it('are told when learnt, and counted where the transaction left before', () => {
    const bus = new EventBus<MempoolEvents>();
    const missed = new MissedCounts();
    const told: unknown[] = [];
    bus.on('feeKnown', ({ txid, fee, size, vsize }) => told.push([txid, fee, size, vsize]));
    const fees = new WaitingFees({ bus, missed });
    fees.add(fakeHash('a'), 200, 150);
    fees.add(fakeHash('b'), 201, 151);
    const reading = fees.begin();
    // It came while the mempool was read, and may not have been in the answer.
    fees.add(fakeHash('c'), 202, 152);
    fees.learnt(reading, new Map([[fakeHash('a'), 1_000]]));
    expect(told).toEqual([[fakeHash('a'), 1_000, 200, 150]]);
    expect(missed.take()).toEqual({ transactions: 0, fees: 1, blocks: 0 });
    expect(fees.size).toBe(1);
    fees.learnt(fees.begin(), new Map([[fakeHash('c'), 2_000]]));
    expect(told).toHaveLength(2);
    expect([fees.size, missed.take().fees]).toEqual([0, 0]);
  });

  it('have a bound', () => {
    const missed = new MissedCounts();
    const fees = new WaitingFees({ bus: new EventBus<MempoolEvents>(), missed });
    for (let i = 0; i < 20_005; i++) fees.add(hashOf(i), 1, 1);
    expect([fees.size, missed.take().fees]).toEqual([20_000, 5]);
  });
});
