import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock';

/**
 * A token bucket: lets `perSecond` units a second pass, of them `burst` at once. A bucket that was idle or late holds
 * one burst and no more, so that lost time is never made up for.
 */
export class Pacer {
  private tokens: number;
  private lastMs: number;

  constructor(
    private readonly options: { readonly perSecond: number; readonly burst: number },
    private readonly modules: { readonly clock: Clock },
  ) {
    this.tokens = options.burst;
    this.lastMs = modules.clock.monotonicMs();
  }

  /** Resolves when one unit may pass. Not for concurrent callers. */
  async take(): Promise<void> {
    this.refill();
    while (this.tokens < 1) {
      // Timers are whole milliseconds at best: sleep for half a burst, not for each unit.
      await sleep(Math.max(1, (this.options.burst / 2 / this.options.perSecond) * 1000));
      this.refill();
    }
    this.tokens--;
  }

  private refill(): void {
    const now = this.modules.clock.monotonicMs();
    this.tokens = Math.min(
      this.options.burst,
      this.tokens + ((now - this.lastMs) * this.options.perSecond) / 1000,
    );
    this.lastMs = now;
  }
}
