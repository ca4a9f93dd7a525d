import type { Timer } from '../../src/lib/timer';

/** A timer whose time a test owns: it passes only by `pass`. */
export class TestTimer {
  private nowMs = 0;
  private readonly waiting = new Set<{ readonly atMs: number; readonly action: () => void }>();

  readonly start: Timer = (ms, action) => {
    const entry = { atMs: this.nowMs + ms, action };
    this.waiting.add(entry);
    return () => void this.waiting.delete(entry);
  };

  /** Lets `ms` milliseconds pass, and calls the actions that fall due, in order of time. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    for (let next = this.nextUntil(endMs); next !== undefined; next = this.nextUntil(endMs)) {
      this.waiting.delete(next);
      this.nowMs = next.atMs;
      next.action();
    }
    this.nowMs = endMs;
  }

  private nextUntil(endMs: number) {
    const due = [...this.waiting].filter(({ atMs }) => atMs <= endMs);
    return due.sort((a, b) => a.atMs - b.atMs)[0];
  }
}
