import type { Clock } from './clock';
import { diskProblem } from './disk-errors';

/** How long to pause after failures. */
export interface BackoffOptions {
  /** First pause, in milliseconds; doubled at each further failure up to `maxMs`. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** A failure for which the receiver names the pause (`Retry-After`): the next attempt comes no earlier. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';

  constructor(
    message: string,
    /** Milliseconds. */
    readonly waitMs: number,
  ) {
    super(message);
  }
}

/** A failure that lasts is warned of once in this time. */
const WARN_EVERY_MS = 60_000;

/** The longest pause, even if the receiver asks for a longer one. */
const LONGEST_WAIT_MS = 300_000;

/**
 * Counts failed attempts, says how long to pause before the next one, and warns once a minute at most.
 */
export class Backoff {
  private inRow = 0;
  private asked = 0;
  private failed = 0;
  private lastWarning: number | undefined;

  constructor(
    private readonly options: BackoffOptions,
    private readonly modules: {
      readonly clock: Pick<Clock, 'monotonicMs'>;
      readonly warn: (message: string) => void;
    },
  ) {}

  /** Failed attempts since the start. */
  get total(): number {
    return this.failed;
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.inRow > 0;
  }

  /** Notes a failed attempt. `what` begins the warning, and the error's message follows it. */
  failure(error: unknown, what: string): void {
    this.failed += 1;
    this.inRow += 1;
    this.asked = error instanceof RetryLater ? Math.min(error.waitMs, LONGEST_WAIT_MS) : 0;
    const now = this.modules.clock.monotonicMs();
    if (this.lastWarning !== undefined && now - this.lastWarning < WARN_EVERY_MS) return;
    this.lastWarning = now;
    this.modules.warn(`${what}: ${diskProblem(error)}`);
  }

  success(): void {
    this.inRow = 0;
    this.asked = 0;
  }

  /**
   * Milliseconds before the next attempt. Half of it is random, so that many writers don't return to a server
   * at the same moment. `isHurried`: the program is ending, and a long pause would use up the time that is
   * left.
   */
  pauseMs(isHurried: boolean): number {
    const { minMs, maxMs } = this.options;
    const most = isHurried ? minMs : maxMs;
    const full = Math.min(most, minMs * 2 ** Math.min(this.inRow - 1, 30));
    return Math.max(full * (0.5 + Math.random() / 2), this.asked);
  }
}
