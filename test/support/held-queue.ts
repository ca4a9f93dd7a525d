import type { PointQueue, QueueStats } from '../../src/export/point-queue';
import type { Point } from '../../src/metrics/point';

/** A queue that keeps its points. A test decides when it is crowded and when its points are safe. */
export class HeldQueue implements PointQueue {
  readonly name = 'held';
  readonly points: Point[] = [];
  isCrowded = false;
  /** Whether points count as safe as soon as somebody asks. */
  isQuick = true;
  private waiting: ((safe: boolean) => void)[] = [];

  push(point: Point): void {
    this.points.push(point);
  }

  stats(): QueueStats {
    return { sent: this.points.length, acked: 0, dropped: 0, queued: 0, retried: 0 };
  }

  flush(): Promise<boolean> {
    if (this.isQuick) return Promise.resolve(true);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The number of those that wait for an answer. */
  get asking(): number {
    return this.waiting.length;
  }

  /** Answers those that wait. */
  settle(safe: boolean): void {
    for (const resolve of this.waiting.splice(0)) resolve(safe);
  }

  close(): Promise<QueueStats> {
    return Promise.resolve(this.stats());
  }
}
