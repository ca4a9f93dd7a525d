import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../lib/clock';

/** Limits of a token bucket. */
export interface Pace {
  readonly perSecond: number;
  /** Units that may pass at once. */
  readonly burst: number;
}

/**
 * A token bucket: lets `perSecond` units a second pass, `burst` of them at once. After an idle time it lets
 * one burst pass, and no more.
 */
export class Pacer {
  private tokens: number;
  private lastMs: number;

  constructor(
    private readonly options: Pace,
    private readonly modules: { readonly clock: Pick<Clock, 'monotonicMs'> },
  ) {
    this.tokens = options.burst;
    this.lastMs = modules.clock.monotonicMs();
  }

  /** Resolves when `units`, at most a burst, may pass. Not for concurrent callers. */
  async take(units = 1): Promise<void> {
    const { burst, perSecond } = this.options;
    const wanted = Math.min(units, burst);
    this.refill();
    while (this.tokens < wanted) {
      // Timers are whole milliseconds at best: sleep for half a burst, not for each unit.
      await sleep(Math.max(1, (burst / 2 / perSecond) * 1000));
      this.refill();
    }
    this.tokens -= wanted;
  }

  private refill(): void {
    const now = this.modules.clock.monotonicMs();
    const { burst, perSecond } = this.options;
    this.tokens = Math.min(burst, this.tokens + ((now - this.lastMs) * perSecond) / 1000);
    this.lastMs = now;
  }
}
