import type { Clock } from '../lib/clock';
import { diskProblem } from '../lib/disk-errors';
import type { Point } from '../metrics/point';
import type { WriteResult } from '../metrics/write-result';
import { Backoff } from '../lib/backoff';
import { Drops, type Warn } from './drops';
import { ExporterEnded } from './exporter';
import type { PointQueue, QueueStats } from './point-queue';
import { Pump } from './pump';
import type { BufferOwner, QueueBuffer } from './queue-buffer';
import type { QueueSettings } from './queue-options';
import { waitAtMost } from '../lib/wait-at-most';

/** Where a queue delivers its batches. */
interface QueueOutput<Batch> {
  /** @throws ExporterEnded where no later attempt can succeed, anything else where one may */
  readonly write: (batch: Batch) => Promise<WriteResult>;
  /** Number of points in a batch. */
  readonly size: (batch: Batch) => number;
  /** As `Exporter.damaged`. */
  readonly damaged?: () => number | undefined;
  readonly close: () => Promise<void>;
}

export interface QueueModules<Batch> {
  readonly exit: QueueOutput<Batch>;
  /** Makes the buffer; `warn` puts the queue's name before each message. */
  readonly buffer: (owner: BufferOwner, warn: Warn) => QueueBuffer<Batch>;
  readonly clock: Clock;
  readonly warn: Warn;
  /**
   * Called once when the destination is gone for good (the reader of a pipe); later points are counted as
   * dropped.
   */
  readonly onEnded?: (() => void) | undefined;
}

/** Share of the time of `close` that is kept for closing the exporter. */
const CLOSE_SHARE = 0.25;

/**
 * The bounded queue in front of an exporter. Only the queue retries and counts; its buffer holds the points,
 * in memory or on disk.
 */
export class ExportQueue<Batch> implements PointQueue {
  private readonly buffer: QueueBuffer<Batch>;
  private readonly pump: Pump<Batch>;
  private readonly drops: Drops;
  private readonly backoff: Backoff;
  private readonly warn: Warn;
  private sent = 0;
  private acked = 0;
  private state: 'open' | 'closing' | 'ended' | 'closed' = 'open';
  /** Resolves the wait of `close` once no point waits. */
  private onDrained: (() => void) | undefined;

  /** `name` is used in warnings and in the tag `exporter`. */
  constructor(
    readonly name: string,
    settings: Pick<QueueSettings, 'retryMinMs' | 'retryMaxMs'>,
    private readonly modules: QueueModules<Batch>,
  ) {
    const { clock } = modules;
    const warn = (message: string): void => modules.warn(`${name}: ${message}`);
    this.warn = warn;
    this.drops = new Drops({ warn, clock });
    const { retryMinMs: minMs, retryMaxMs: maxMs } = settings;
    this.backoff = new Backoff({ minMs, maxMs }, { warn, clock });
    const owner: BufferOwner = {
      drop: (count, cause, example) => this.drops.add(count, cause, example),
      onReady: () => this.pump.run(),
    };
    this.buffer = modules.buffer(owner, warn);
    this.pump = new Pump({
      from: this.buffer,
      deliver: (batch) => this.deliver(batch),
      backoff: this.backoff,
      failureText: () => this.buffer.failureText,
      onIdle: this.settle,
    });
    // An earlier run may have left points.
    this.buffer.wake();
  }

  push(point: Point, isInbound = false): void {
    if (this.isOver()) this.drops.add(1, 'unsent');
    else this.buffer.push(point, isInbound);
  }

  stats(): QueueStats {
    const { sent, acked } = this;
    const { queued, spooled } = this.buffer;
    const damaged = this.buffer.damaged ?? this.modules.exit.damaged?.();
    return {
      ...{ sent, acked, dropped: this.drops.total, queued, retried: this.backoff.total },
      ...(spooled === undefined ? {} : { spooled }),
      ...(damaged === undefined ? {} : { damaged }),
    };
  }

  get isCrowded(): boolean {
    return this.buffer.isCrowded;
  }

  flush(): Promise<boolean> {
    return this.isOver() ? Promise.resolve(false) : this.buffer.flush();
  }

  /**
   * Delivers the waiting points, closes the exporter and returns the final counts, at the latest `deadlineMs`
   * milliseconds after the call. Points that are still in memory then are counted as dropped, with a warning;
   * points on disk are delivered by the next run.
   */
  async close(deadlineMs: number): Promise<QueueStats> {
    if (this.state === 'closing' || this.state === 'closed') return this.stats();
    if (this.state === 'open') this.state = 'closing';
    const { clock, exit } = this.modules;
    const start = clock.monotonicMs();
    this.buffer.hurry();
    // The deadline may come before the end of a pause after a failure.
    this.pump.hurry();
    await waitAtMost(deadlineMs * (1 - CLOSE_SHARE), this.drained());
    this.state = 'closed';
    this.pump.stop();
    this.drops.add(this.buffer.giveUp(), 'unsent');
    this.drops.report();
    const stats = this.stats();
    const closing = Promise.allSettled([exit.close(), this.buffer.close()]).then((results) => {
      for (const result of results)
        if (result.status === 'rejected') this.warn(`could not be closed: ${diskProblem(result.reason)}`);
    });
    // Where the machine let the program stand still meanwhile, the time for closing is left all the same.
    await waitAtMost(Math.max(deadlineMs * CLOSE_SHARE, deadlineMs - (clock.monotonicMs() - start)), closing);
    return stats;
  }

  private async deliver(batch: Batch): Promise<void> {
    const { exit } = this.modules;
    let result: WriteResult;
    try {
      result = await exit.write(batch);
    } catch (error) {
      if (!(error instanceof ExporterEnded) || this.isOver()) throw error;
      this.end(error.message);
      return;
    }
    if (this.isOver()) return;
    // Both counts change in one turn of the event loop, so that no point is missing in between.
    const done = this.buffer.done();
    const { sent, acked, rejection } = result;
    this.sent += sent;
    this.acked += acked;
    this.drops.add(exit.size(batch) - sent, 'unwritable', rejection);
    await done;
  }

  /** Stops because the destination is gone for good. */
  private end(reason: string): void {
    this.state = 'ended';
    this.warn(reason);
    this.pump.stop();
    this.drops.add(this.buffer.giveUp(), 'unsent');
    this.onDrained?.();
    this.modules.onEnded?.();
  }

  private readonly settle = (): void => {
    if (this.waiting === 0) this.onDrained?.();
    else this.buffer.wake();
  };

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDrained = resolve;
      if (this.waiting === 0 || this.isOver()) resolve();
    });
  }

  private get waiting(): number {
    return this.buffer.queued + (this.buffer.spooled ?? 0);
  }

  private isOver(): boolean {
    return this.state === 'ended' || this.state === 'closed';
  }
}
