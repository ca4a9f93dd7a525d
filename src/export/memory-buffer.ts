import type { Point } from '../metrics/point';
import { FlushWaiters } from './flush-waiters';
import type { BufferOwner, QueueBuffer } from './queue-buffer';
import type { QueueSettings } from './queue-options';
import { Ring } from './ring';

/**
 * Points of inbound peers may fill this share of the buffer. So a stranger's flood displaces no points of the
 * peers that we have dialled, and none of the intervals.
 */
const INBOUND_SHARE = 0.75;

/** The buffer is crowded from this share on. */
const CROWDED_SHARE = 0.5;

/**
 * Points that wait in memory, in a ring. A batch is ready when it is full, or when its first point has waited
 * `flushMs`.
 */
export class MemoryBuffer implements QueueBuffer<readonly Point[]> {
  readonly spooled = undefined;
  readonly damaged = undefined;
  private readonly ring: Ring<Point>;
  private readonly marks = new FlushWaiters();
  /** The batch that was handed out and is not done. */
  private out: readonly Point[] = [];
  private isHurried = false;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;

  constructor(
    private readonly settings: Pick<QueueSettings, 'maxPoints' | 'batchPoints' | 'flushMs'>,
    private readonly owner: BufferOwner,
  ) {
    this.ring = new Ring(settings.maxPoints);
  }

  get queued(): number {
    return this.ring.length + this.out.length;
  }

  get isCrowded(): boolean {
    return this.queued > this.settings.maxPoints * CROWDED_SHARE;
  }

  get failureText(): string {
    return `a write failed and is tried again, ${this.queued} points wait`;
  }

  push(point: Point, isInbound: boolean): void {
    const { maxPoints } = this.settings;
    if (isInbound && this.queued >= maxPoints * INBOUND_SHARE) {
      this.owner.drop(1, 'inbound');
      return;
    }
    if (this.queued >= maxPoints) {
      this.owner.drop(1, 'full');
      // Points of a running write can't be dropped. If there are no others, the new point is dropped.
      if (this.ring.take(1).length === 0) return;
    }
    this.ring.push(point);
    this.marks.notePushed();
    this.wake();
  }

  next(): readonly Point[] | undefined {
    if (this.ring.length === 0) return undefined;
    this.out = this.ring.take(this.settings.batchPoints);
    return this.out;
  }

  done(): undefined {
    this.out = [];
    this.marks.noteQueued(this.queued);
  }

  putBack(): void {
    const { out } = this;
    this.out = [];
    this.ring.putBack(out);
    // Points that were dropped to make room have left as well.
    this.marks.noteQueued(this.queued);
  }

  wake(): void {
    if (this.ring.length === 0 || this.out.length > 0) return;
    const { batchPoints, flushMs } = this.settings;
    if (this.isHurried || this.marks.isAwaited || this.ring.length >= batchPoints)
      this.immediate ??= setImmediate(this.ready);
    else this.timer ??= setTimeout(this.ready, flushMs);
  }

  flush(): Promise<boolean> {
    const reached = this.marks.wait(this.queued);
    this.wake();
    return reached;
  }

  hurry(): void {
    this.isHurried = true;
    this.wake();
  }

  giveUp(): number {
    this.clearTimers();
    const { queued } = this;
    this.ring.take(this.ring.length);
    this.out = [];
    this.marks.giveUp();
    return queued;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private readonly ready = (): void => {
    this.clearTimers();
    this.owner.onReady();
  };

  private clearTimers(): void {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = undefined;
    this.immediate = undefined;
  }
}
