import type { Clock } from '../lib/clock';
import { messageOf } from '../lib/errors';
import type { Point } from '../metrics/point';
import { Backoff } from './backoff';
import { Drops, type Warn } from './drops';
import { LineSerializer, MAX_LINE_BYTES } from './line';
import type { LineExporter } from './line-exporter';
import { Marks } from './marks';
import type { PointQueue, QueueStats } from './point-queue';
import { CROWDED_SHARE, INBOUND_SHARE } from './queue';
import { type QueueOptions, type QueueSettings, queueSettings } from './queue-options';
import { Ring } from './ring';
import type { Spool } from './spool/spool';
import { within } from './within';

export interface SpoolQueueModules {
  readonly exporter: LineExporter;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly warn: Warn;
}

/** Of the time that `close` has, the part kept for the exporter's own close. */
const CLOSE_SHARE = 0.25;

/**
 * The queue in front of an exporter whose receiver confirms: every point goes to the disk first, in its order, and from there
 * to the receiver. So what `btcdmon` said of a run before it was killed is still true afterwards: all the points that
 * it counted as emitted are on disk before that point is.
 */
export class SpoolQueue implements PointQueue {
  readonly name: string;
  private readonly options: QueueSettings;
  private readonly ring: Ring<Point>;
  private readonly drops: Drops;
  private readonly disk: Backoff;
  private readonly network: Backoff;
  private readonly serializer = new LineSerializer({ maxBytes: MAX_LINE_BYTES });
  private readonly marks = new Marks();
  private writing = 0;
  private sent = 0;
  private acked = 0;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private flushTimer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private delivering = false;
  /** Resolves `close` once nothing waits any more. */
  private onDrained: (() => void) | undefined;

  constructor(
    options: QueueOptions,
    private readonly modules: SpoolQueueModules,
  ) {
    this.name = options.name ?? modules.exporter.name;
    this.options = queueSettings(options);
    this.ring = new Ring(this.options.maxPoints);
    const warn = (message: string): void => modules.warn(`${this.name}: ${message}`);
    const { clock } = modules;
    const { retryMinMs: minMs, retryMaxMs: maxMs } = this.options;
    this.drops = new Drops({ warn, clock });
    this.disk = new Backoff({ minMs, maxMs }, { warn, clock });
    this.network = new Backoff({ minMs, maxMs }, { warn, clock });
    // What an earlier run has left.
    this.deliver();
  }

  push(point: Point, isInbound = false): void {
    if (this.state !== 'open') {
      this.drops.add(1, 'unsent');
      return;
    }
    const { maxPoints } = this.options;
    if (isInbound && (this.queued >= maxPoints * INBOUND_SHARE || this.modules.spool.isCrowded)) {
      this.drops.add(1, 'inbound');
      return;
    }
    if (this.ring.length + this.writing >= maxPoints) {
      this.drops.add(1, 'full');
      if (this.ring.take(1).length === 0) return;
    }
    this.ring.push(point);
    this.marks.push();
    if (this.writing === 0) this.schedule();
  }

  stats(): QueueStats {
    const { sent, acked, network } = this;
    return {
      sent,
      acked,
      dropped: this.drops.total,
      queued: this.queued,
      spooled: this.modules.spool.points,
      retried: network.total,
    };
  }

  get isCrowded(): boolean {
    return this.queued > this.options.maxPoints * CROWDED_SHARE || this.modules.spool.isCrowded;
  }

  flush(): Promise<boolean> {
    if (this.state !== 'open') return Promise.resolve(false);
    const reached = this.marks.reached(this.queued);
    if (this.writing === 0) this.schedule();
    return reached;
  }

  /**
   * Puts what waits in memory on the disk, delivers what there is time for, and lets go. What is left on the disk is delivered by
   * the next run.
   */
  async close(deadlineMs: number): Promise<QueueStats> {
    if (this.state !== 'open') return this.stats();
    this.state = 'closing';
    const { clock, spool, exporter } = this.modules;
    const start = clock.monotonicMs();
    this.write();
    this.deliver();
    await within(deadlineMs * (1 - CLOSE_SHARE), this.drained());
    this.state = 'closed';
    clearTimeout(this.flushTimer);
    clearTimeout(this.retryTimer);
    this.drops.add(this.ring.take(this.ring.length).length + this.writing, 'unsent');
    this.writing = 0;
    this.marks.giveUp();
    this.drops.report();
    const stats = this.stats();
    const closing = Promise.allSettled([exporter.close(), spool.close()]).then((results) => {
      for (const result of results)
        if (result.status === 'rejected')
          this.modules.warn(`${this.name}: could not be closed: ${messageOf(result.reason)}`);
    });
    await within(deadlineMs - (clock.monotonicMs() - start), closing);
    return stats;
  }

  /** Arranges for the next write to the disk: now where a batch is full or the end is near, else after a pause. */
  private schedule(): void {
    if (this.ring.length === 0) return;
    if (this.disk.isFailing) this.flushTimer ??= setTimeout(this.write, this.disk.pauseMs(this.isClosing()));
    else if (this.isClosing() || this.marks.isAwaited || this.ring.length >= this.options.batchPoints)
      this.write();
    else this.flushTimer ??= setTimeout(this.write, this.options.flushMs);
  }

  private readonly write = (): void => {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    if (this.writing === 0 && this.ring.length > 0) void this.writeToDisk();
  };

  private async writeToDisk(): Promise<void> {
    const batch = this.ring.take(this.options.batchPoints);
    this.writing = batch.length;
    const { lines, points, rejection } = this.serialize(batch);
    try {
      const dropped = points === 0 ? 0 : await this.modules.spool.append(lines, points);
      if (this.isClosed()) return;
      this.writing = 0;
      this.drops.add(dropped, 'spool full');
      this.drops.add(batch.length - points, 'unwritable', rejection);
      this.disk.success();
    } catch (error) {
      if (this.isClosed()) return;
      this.writing = 0;
      this.ring.putBack(batch);
      this.disk.failure(error, `the spool can't be written, ${this.ring.length} points wait in memory`);
    }
    this.marks.left(this.queued);
    this.schedule();
    this.deliver();
  }

  private serialize(batch: readonly Point[]): { lines: Buffer; points: number; rejection?: string } {
    let text = '';
    let points = 0;
    let rejection: string | undefined;
    for (const point of batch) {
      const line = this.serializer.serialize(point);
      if (typeof line === 'string') {
        text += `${line}\n`;
        points += 1;
      } else {
        rejection = line.detail;
      }
    }
    return { lines: Buffer.from(text), points, ...(rejection === undefined ? {} : { rejection }) };
  }

  /** Delivers until nothing waits or a delivery fails. */
  private readonly deliver = (): void => {
    if (this.delivering || (this.network.isFailing && this.retryTimer !== undefined && !this.isClosing()))
      return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.delivering = true;
    void this.deliverAll().finally(() => {
      this.delivering = false;
      this.settle();
    });
  };

  private async deliverAll(): Promise<void> {
    const { spool, exporter } = this.modules;
    try {
      while (!this.isClosed()) {
        const { batch, lost } = await spool.next();
        this.drops.add(lost, 'damaged');
        if (batch === undefined || this.isClosed()) return;
        const { sent, acked, rejection } = await exporter.writeLines(batch);
        if (this.isClosed()) return;
        await spool.done();
        this.sent += sent;
        this.acked += acked;
        this.drops.add(batch.points - sent, 'unwritable', rejection);
        this.network.success();
      }
    } catch (error) {
      if (this.isClosed()) return;
      this.network.failure(
        error,
        `a delivery failed and is tried again, ${spool.points} points wait on disk`,
      );
      this.retryTimer = setTimeout(this.retry, this.network.pauseMs(this.isClosing()));
    }
  }

  private readonly retry = (): void => {
    this.retryTimer = undefined;
    this.deliver();
  };

  private settle(): void {
    const { spool } = this.modules;
    if (this.ring.length + this.writing === 0 && spool.points === 0) this.onDrained?.();
    // What came to the disk between the last look and now.
    else if (!this.isClosed() && !this.network.isFailing && spool.points > 0) this.deliver();
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDrained = resolve;
      this.settle();
    });
  }

  /** Points in memory. */
  private get queued(): number {
    return this.ring.length + this.writing;
  }

  private isClosing(): boolean {
    return this.state === 'closing';
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }
}
