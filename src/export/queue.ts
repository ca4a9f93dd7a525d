import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { Point } from '../metrics/point';
import { Backoff } from './backoff';
import { Drops, type Warn } from './drops';
import { type Exporter, ExporterEnded } from './exporter';
import { Marks } from './marks';
import type { PointQueue, QueueStats } from './point-queue';
import { type QueueOptions, type QueueSettings, queueSettings } from './queue-options';
import { Ring } from './ring';
import { within } from './within';

export interface QueueModules {
  readonly exporter: Exporter;
  readonly clock: Clock;
  readonly warn: Warn;
  /** Called once when the other side is gone for good (the reader of a pipe); later points are counted as dropped. */
  readonly onEnded?: () => void;
}

/** Of the time that `close` has, the part kept for the exporter's own close. */
const CLOSE_SHARE = 0.25;

/**
 * Of the points that may wait, the share that those of inbound peers may fill: a stranger's flood pushes out nothing of the peers
 * that we have dialled, nor of the intervals.
 */
export const INBOUND_SHARE = 0.75;

/** Of the points that may wait, the share at which the queue is crowded. */
export const CROWDED_SHARE = 0.5;

/**
 * The bounded queue in front of an exporter. It alone buffers, retries and counts: `push` never waits and never throws,
 * and a full queue drops its oldest points. Points of inbound peers find it full sooner, and are dropped themselves.
 */
export class ExportQueue implements PointQueue {
  readonly name: string;
  private readonly options: QueueSettings;
  private readonly ring: Ring<Point>;
  private readonly drops: Drops;
  private readonly backoff: Backoff;
  private readonly marks = new Marks();
  private inFlight = 0;
  private sent = 0;
  private acked = 0;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private ended = false;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  /** Resolves `close` once nothing waits any more. */
  private onDrained: (() => void) | undefined;

  constructor(
    options: QueueOptions,
    private readonly modules: QueueModules,
  ) {
    this.name = options.name ?? modules.exporter.name;
    this.options = queueSettings(options);
    this.ring = new Ring(this.options.maxPoints);
    const warn = (message: string) => modules.warn(`${this.name}: ${message}`);
    this.drops = new Drops({ warn, clock: modules.clock });
    const { retryMinMs: minMs, retryMaxMs: maxMs } = this.options;
    this.backoff = new Backoff({ minMs, maxMs }, { warn, clock: modules.clock });
  }

  push(point: Point, isInbound = false): void {
    if (this.ended || this.state === 'closed') {
      this.drops.add(1, 'unsent');
      return;
    }
    if (isInbound && this.queued >= this.options.maxPoints * INBOUND_SHARE) {
      this.drops.add(1, 'inbound');
      return;
    }
    if (this.ring.length + this.inFlight >= this.options.maxPoints) {
      this.drops.add(1, 'full');
      // Points of a running write can't be taken back: where there are no others, the new one goes.
      if (this.ring.take(1).length === 0) return;
    }
    this.ring.push(point);
    this.marks.push();
    if (this.inFlight === 0) this.schedule();
  }

  stats(): QueueStats {
    const { sent, acked, queued } = this;
    return { sent, acked, dropped: this.drops.total, queued, retried: this.backoff.total };
  }

  get isCrowded(): boolean {
    return this.queued > this.options.maxPoints * CROWDED_SHARE;
  }

  flush(): Promise<boolean> {
    if (this.ended || this.state === 'closed') return Promise.resolve(false);
    const reached = this.marks.reached(this.queued);
    if (this.inFlight === 0) this.schedule();
    return reached;
  }

  /**
   * Writes what waits, closes the exporter and returns at the latest `deadlineMs` milliseconds after the call; what
   * could not be delivered by then is counted as dropped and warned of. Returns the final counts.
   */
  async close(deadlineMs: number): Promise<QueueStats> {
    if (this.state !== 'open') return this.stats();
    this.state = 'closing';
    const start = this.modules.clock.monotonicMs();
    // A pause after a failure is cut short: there may be no time for the whole of it.
    this.run();
    await within(deadlineMs * (1 - CLOSE_SHARE), this.drained());
    this.state = 'closed';
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.drops.add(this.ring.take(this.ring.length).length + this.inFlight, 'unsent');
    this.inFlight = 0;
    this.marks.giveUp();
    this.drops.report();
    const left = deadlineMs - (this.modules.clock.monotonicMs() - start);
    const closing = this.modules.exporter.close().catch((error: unknown) => {
      this.modules.warn(`${this.name}: could not be closed: ${messageOf(error)}`);
    });
    await within(left, closing);
    return this.stats();
  }

  /** Arranges for the next write: now where a batch is full or the end is near, else after a pause. */
  private schedule(): void {
    if (this.ring.length === 0) {
      this.onDrained?.();
      return;
    }
    // After a failure the pause counts, however many points come meanwhile.
    const now =
      this.state === 'closing' || this.marks.isAwaited || this.ring.length >= this.options.batchPoints;
    const { isFailing } = this.backoff;
    if (now && !isFailing) this.immediate ??= setImmediate(this.run);
    else this.timer ??= setTimeout(this.run, isFailing ? this.pauseMs() : this.options.flushMs);
  }

  private readonly run = (): void => {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = undefined;
    this.immediate = undefined;
    if (this.inFlight === 0 && this.ring.length > 0) void this.writeBatch();
  };

  private async writeBatch(): Promise<void> {
    const batch = this.ring.take(this.options.batchPoints);
    this.inFlight = batch.length;
    try {
      const { sent, acked, rejection } = await this.modules.exporter.write(batch);
      if (this.isClosed()) return;
      this.inFlight = 0;
      this.sent += sent;
      this.acked += acked;
      this.drops.add(batch.length - sent, 'unwritable', rejection);
      this.backoff.success();
    } catch (error) {
      if (this.isClosed()) return;
      this.inFlight = 0;
      this.ring.putBack(batch);
      this.failed(error);
    }
    this.marks.left(this.queued);
    this.schedule();
  }

  private failed(error: unknown): void {
    if (error instanceof ExporterEnded) {
      this.ended = true;
      this.modules.warn(`${this.name}: ${error.message}`);
      this.drops.add(this.ring.take(this.ring.length).length, 'unsent');
      this.marks.giveUp();
      this.modules.onEnded?.();
      return;
    }
    this.backoff.failure(error, `a write failed and is tried again, ${this.ring.length} points wait`);
  }

  /** Points that wait, those of a running write included. */
  private get queued(): number {
    return this.ring.length + this.inFlight;
  }

  private pauseMs(): number {
    return this.backoff.pauseMs(this.state === 'closing');
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDrained = () => {
        if (this.ring.length + this.inFlight === 0) resolve();
      };
      this.onDrained();
    });
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }
}
