import type { TapRefusal } from '../tap/control';

/** Milliseconds between two reports. */
const EVERY_MS = 1_000;

/** Counts refused connections, and reports them once a second at most. */
export class Refusals {
  private readonly counts = new Map<TapRefusal, number>();
  private timer: NodeJS.Timeout | undefined;
  private reportedAt = -Infinity;

  /** @param report returns false where the program can't be told now */
  constructor(private readonly report: (counts: Partial<Record<TapRefusal, number>>) => boolean) {}

  add(reason: TapRefusal): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    this.wait();
  }

  /** Reports what was not reported yet. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.counts.size === 0) return;
    this.reportedAt = performance.now();
    if (this.report(Object.fromEntries(this.counts))) this.counts.clear();
    else this.wait();
  }

  private wait(): void {
    const ms = Math.max(0, this.reportedAt + EVERY_MS - performance.now());
    this.timer ??= setTimeout(() => this.flush(), ms).unref();
  }
}
