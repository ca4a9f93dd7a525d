import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SystemClock } from '../../src/lib/clock';
import { type Exporter, ExporterEnded } from '../../src/export/exporter';
import type { WriteResult } from '../../src/metrics/write-result';
import { memoryQueue } from '../../src/export/make-queue';
import type { QueueOptions } from '../../src/export/queue-options';
import type { Point } from '../../src/metrics/point';
import { until } from '../support/until';

/** An exporter that keeps what it was given; a test sets `onWrite` to make it fail, wait or refuse. */
class Kept implements Exporter {
  readonly name = 'kept';
  readonly points: Point[] = [];
  readonly batches: number[] = [];
  writes = 0;
  running = 0;
  closed = false;
  onWrite: (points: readonly Point[]) => Promise<number> | number = () => 0;

  open(): Promise<void> {
    return Promise.resolve();
  }

  async write(points: readonly Point[]): Promise<WriteResult> {
    this.writes++;
    if (++this.running > 1) throw new Error('two writes at once');
    try {
      const rejected = await this.onWrite(points);
      this.points.push(...points.slice(rejected));
      this.batches.push(points.length);
      const sent = points.length - rejected;
      return { sent, acked: sent, rejection: rejected > 0 ? 'an example' : undefined };
    } finally {
      this.running--;
    }
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const never = new Promise<number>(() => undefined);
const point = (i: number): Point => ({ series: 'tx', time: BigInt(i), tags: {}, fields: { tx_size: i } });
const times = (points: readonly Point[]): number[] => points.map(({ time }) => Number(time));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function setUp(options: QueueOptions = {}) {
  const exporter = new Kept();
  const warnings: string[] = [];
  const ended = jest.fn();
  const queue = memoryQueue(
    { maxPoints: 100, batchPoints: 10, flushMs: 5, retryMinMs: 5, retryMaxMs: 20, ...options },
    { exporter, clock: new SystemClock(), warn: (message) => warnings.push(message), onEnded: ended },
  );
  let pushed = 0;
  const push = (count: number): void => {
    for (let i = 0; i < count; i++) queue.push(point(pushed++));
  };
  const balance = (): void => {
    const { sent, dropped, queued } = queue.stats();
    expect(sent + dropped + queued).toBe(pushed);
  };
  return { exporter, queue, warnings, ended, push, balance };
}

describe('the queue', () => {
  it('writes points in their order, in batches, one write at a time', async () => {
    const { exporter, queue, push } = setUp();
    push(25);
    expect(exporter.writes).toBe(0);
    expect(queue.stats()).toEqual({ sent: 0, acked: 0, dropped: 0, queued: 25, retried: 0 });
    await until('all', () => exporter.points.length === 25);
    await nextTurn();
    expect(exporter.batches).toEqual([10, 10, 5]);
    expect(times(exporter.points)).toEqual(range(0, 25));
    expect(queue.stats()).toEqual({ sent: 25, acked: 25, dropped: 0, queued: 0, retried: 0 });
    await queue.close(1000);
    expect(exporter.closed).toBe(true);
  });

  it('writes a batch that is not full after a pause', async () => {
    const { exporter, queue, push } = setUp();
    push(1);
    await until('the point', () => exporter.points.length === 1);
    await queue.close(1000);
  });

  it('flushes points without waiting for a full batch', async () => {
    const { exporter, queue, push } = setUp({ flushMs: 3_600_000 });
    push(3);
    expect(await queue.flush()).toBe(true);
    expect(exporter.points).toHaveLength(3);
    expect(await queue.flush()).toBe(true);
    const gate = { open: false };
    exporter.onWrite = () => {
      if (!gate.open) throw new Error('not now');
      return 0;
    };
    push(1);
    const first = queue.flush();
    push(1);
    const second = queue.flush();
    await until('a failure', () => queue.stats().retried > 0);
    gate.open = true;
    expect(await first).toBe(true);
    expect(await second).toBe(true);
    expect(times(exporter.points)).toEqual(range(0, 5));
    exporter.onWrite = () => never;
    push(1);
    const third = queue.flush();
    await queue.close(20);
    expect(await third).toBe(false);
    expect(await queue.flush()).toBe(false);
  });

  it('tells that it is crowded before anything is dropped', async () => {
    const { exporter, queue, push } = setUp({ maxPoints: 10 });
    exporter.onWrite = () => never;
    push(5);
    expect(queue.isCrowded).toBe(false);
    push(1);
    expect(queue.isCrowded).toBe(true);
    expect(queue.stats().dropped).toBe(0);
    await queue.close(20);
  });

  it('drops its oldest when full, counts them and says so', async () => {
    const { exporter, queue, push, warnings, balance } = setUp({ maxPoints: 10, batchPoints: 4 });
    push(25);
    balance();
    expect(queue.stats()).toMatchObject({ dropped: 15, queued: 10 });
    await queue.close(1000);
    expect(times(exporter.points)).toEqual(range(15, 25));
    expect(warnings).toEqual(['kept: points dropped: 15 because the queue was full; 15 since the start']);
  });

  it('keeps a quarter of its room for points that no inbound peer has caused', async () => {
    const { exporter, queue, warnings } = setUp({ maxPoints: 100, batchPoints: 200 });
    for (let i = 0; i < 1_000; i++) queue.push(point(i), true);
    expect(queue.stats()).toMatchObject({ dropped: 925, queued: 75 });
    for (let i = 1_000; i < 1_025; i++) queue.push(point(i));
    expect(queue.stats()).toMatchObject({ dropped: 925, queued: 100 });
    // From then on points of inbound peers make room for others, and no new ones of theirs are taken.
    for (let i = 1_025; i < 1_100; i++) {
      queue.push(point(i));
      queue.push(point(5_000), true);
    }
    await queue.close(1_000);
    expect(times(exporter.points)).toEqual(range(1_000, 1_100));
    expect(warnings[0]).toMatch(/of inbound peers, because the rest of the queue is kept for others/);
  });

  it('drops the new point where all others are being written', async () => {
    const { exporter, queue, push, balance } = setUp({ maxPoints: 2, batchPoints: 2 });
    exporter.onWrite = () => never;
    push(2);
    await until('the write', () => exporter.writes === 1);
    push(3);
    balance();
    expect(queue.stats()).toMatchObject({ dropped: 3, queued: 2 });
    await queue.close(20);
  });

  it('repeats a failed write without counting or storing points twice', async () => {
    const { exporter, queue, push, balance, warnings } = setUp();
    exporter.onWrite = () => {
      if (exporter.writes <= 3) throw new Error('no server');
      return 0;
    };
    push(12);
    await until('the retries', () => exporter.points.length === 12);
    await nextTurn();
    balance();
    expect(times(exporter.points)).toEqual(range(0, 12));
    expect(queue.stats()).toEqual({ sent: 12, acked: 12, dropped: 0, queued: 0, retried: 3 });
    expect(warnings).toEqual(['kept: a write failed and is tried again, 12 points wait: no server']);
    await queue.close(1000);
  });

  it('keeps the newest points within its bound while writes fail', async () => {
    const { exporter, queue, push, balance } = setUp({ maxPoints: 20 });
    exporter.onWrite = () => {
      throw new Error('no server');
    };
    push(20);
    await until('a failure', () => queue.stats().retried > 0);
    push(20);
    balance();
    expect(queue.stats()).toMatchObject({ queued: 20, dropped: 20 });
    exporter.onWrite = () => 0;
    await queue.close(2000);
    expect(times(exporter.points)).toEqual(range(20, 40));
    balance();
  });

  it('counts points that an exporter refuses as dropped, with an example in the warning', async () => {
    const { exporter, queue, push, balance, warnings } = setUp();
    exporter.onWrite = () => 2;
    push(10);
    await until('the write', () => queue.stats().sent > 0);
    expect(queue.stats()).toEqual({ sent: 8, acked: 8, dropped: 2, queued: 0, retried: 0 });
    balance();
    await queue.close(1000);
    expect(warnings).toEqual([
      'kept: points dropped: 2 that can never be written (one of them: an example); 2 since the start',
    ]);
  });

  it('has the name of its options', () => {
    const { queue } = setUp({ name: 'kept#2' });
    expect(queue.name).toBe('kept#2');
  });
});

describe('closing', () => {
  it('writes all waiting points at once', async () => {
    const { exporter, queue, push } = setUp({ flushMs: 60_000 });
    push(55);
    expect(await queue.close(2000)).toMatchObject({ sent: 55, queued: 0, dropped: 0 });
    expect(exporter.points).toHaveLength(55);
  });

  it('tries again until the deadline, then counts and logs the remaining points', async () => {
    const { exporter, queue, push, balance, warnings } = setUp();
    exporter.onWrite = () => {
      throw new Error('no server');
    };
    push(15);
    const stats = await queue.close(200);
    expect(stats).toMatchObject({ sent: 0, dropped: 15, queued: 0 });
    expect(stats.retried).toBeGreaterThan(1);
    expect(exporter.closed).toBe(true);
    balance();
    expect(warnings.at(-1)).toBe(
      'kept: points dropped: 15 that could not be delivered before the end; 15 since the start',
    );
  });

  it('cuts the pause after a failure short', async () => {
    const { exporter, queue, push } = setUp({ retryMinMs: 60_000, retryMaxMs: 60_000 });
    exporter.onWrite = () => {
      if (exporter.writes === 1) throw new Error('no server');
      return 0;
    };
    push(3);
    await until('the failure', () => queue.stats().retried === 1);
    expect(await queue.close(2000)).toMatchObject({ sent: 3, dropped: 0 });
  });

  it('does not wait for a write that hangs, nor for an exporter that does not close', async () => {
    const { exporter, queue, push, balance } = setUp();
    let release: (rejected: number) => void = () => undefined;
    exporter.onWrite = () => new Promise((resolve) => (release = resolve));
    exporter.close = () => new Promise(() => undefined);
    push(15);
    await until('the write', () => exporter.writes === 1);
    expect(await queue.close(50)).toMatchObject({ sent: 0, dropped: 15, queued: 0 });
    release(0);
    await nextTurn();
    expect(queue.stats()).toMatchObject({ sent: 0, dropped: 15, queued: 0 });
    balance();
  });

  it('warns when the exporter can’t close', async () => {
    const { exporter, queue, warnings } = setUp();
    exporter.close = () => Promise.reject(new Error('stuck'));
    await queue.close(1000);
    expect(warnings).toEqual(['kept: could not be closed: stuck']);
  });

  it('counts points that come after it as dropped', async () => {
    const { queue, push, balance } = setUp();
    await queue.close(1000);
    push(2);
    balance();
    expect(queue.stats()).toMatchObject({ dropped: 2, queued: 0 });
    expect(await queue.close(1000)).toMatchObject({ dropped: 2 });
  });
});

it('stops when the destination is gone for good, and says so once', async () => {
  const { exporter, queue, push, balance, ended, warnings } = setUp();
  exporter.onWrite = () => {
    throw new ExporterEnded('the reader has gone');
  };
  push(15);
  await until('the end', () => ended.mock.calls.length === 1);
  expect(queue.stats()).toEqual({ sent: 0, acked: 0, dropped: 15, queued: 0, retried: 0 });
  push(5);
  balance();
  await queue.close(1000);
  expect(exporter.writes).toBe(1);
  expect(ended).toHaveBeenCalledTimes(1);
  expect(warnings[0]).toBe('kept: the reader has gone');
});

it('accounts for every point, whatever the writes do', async () => {
  const step = fc.record({ push: fc.nat(30), outcome: fc.constantFrom('ok', 'fail', 'refuse', 'slow') });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { exporter, queue, push, balance } = setUp({
        maxPoints: 40,
        flushMs: 0,
        retryMinMs: 0,
        retryMaxMs: 1,
      });
      for (const { push: count, outcome } of steps) {
        exporter.onWrite = async (points) => {
          if (outcome === 'slow') await nextTurn();
          if (outcome === 'fail') throw new Error('failed');
          return outcome === 'refuse' ? Math.min(3, points.length) : 0;
        };
        push(count);
        balance();
        expect(queue.stats().queued).toBeLessThanOrEqual(40);
        await nextTurn();
        balance();
      }
      exporter.onWrite = () => 0;
      const stats = await queue.close(2000);
      balance();
      expect(stats.queued).toBe(0);
      expect(stats.sent).toBe(exporter.points.length);
      expect(stats.acked).toBe(stats.sent);
      const seen = times(exporter.points);
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    }),
    { numRuns: 60 },
  );
});
