import type { Clock } from '../../lib/clock';
import type { IdentifiedNode } from '../identify';
import type { NodeKind } from '../rpc-ports';
import type { WatchTask } from './watch-task';

const MINUTE_MS = 60_000;

/** The longest pause that a slow answer causes, and a failed call. */
const LONGEST_PAUSE_MS = 600_000;
const LONGEST_PAUSE_AFTER_FAILURE_MS = 60_000;

/** How a task is paced. */
interface Pacing {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Once an interval or once a minute, and whenever it is marked. */
  readonly every: 'interval' | 'minute';
  /**
   * The part of all time that its calls may take. A call that took 10 ms is not repeated within a second
   * where it is 0.01. So the pace stretches where the node is slow.
   */
  readonly share: number;
  /**
   * The most milliseconds of calls that are saved up while calls are fast. A slow call uses them first. So
   * one call that waited while the node worked on a block does not slow the pace; many such calls do. Default
   * 0.
   */
  readonly savedMs?: number;
  readonly only?: NodeKind;
  /** Whether it is asked at all at present; default yes. */
  readonly isWanted?: (node: IdentifiedNode | undefined) => boolean;
}

/** A task that is asked at a pace of its own. */
export class PacedTask implements WatchTask {
  readonly only?: NodeKind;
  private isMarked = true;
  /** Earliest time of the next call, and the time at which it is made even if nothing asks for it. */
  private soonestMs = -Infinity;
  /** What is saved, and since when nothing was added. */
  private savedMs: number;
  private savedSinceMs: number | undefined;
  private regularMs = Infinity;

  constructor(
    readonly method: string,
    private readonly pacing: Pacing,
    private readonly ask: (node: IdentifiedNode) => Promise<void>,
  ) {
    if (pacing.only !== undefined) this.only = pacing.only;
    this.savedMs = pacing.savedMs ?? 0;
  }

  mark(): void {
    this.isMarked = true;
  }

  intervalEnded(): void {
    if (this.pacing.every === 'interval') this.isMarked = true;
  }

  dueInMs(nowMs: number, node: IdentifiedNode | undefined): number {
    if (this.pacing.isWanted?.(node) === false) return Infinity;
    return Math.max(this.soonestMs, this.isMarked ? -Infinity : this.regularMs) - nowMs;
  }

  async run(node: IdentifiedNode): Promise<void> {
    const { clock, every } = this.pacing;
    const beganMs = clock.monotonicMs();
    this.isMarked = false;
    let longestMs = LONGEST_PAUSE_MS;
    try {
      await this.ask(node);
    } catch (error) {
      this.isMarked = true;
      longestMs = LONGEST_PAUSE_AFTER_FAILURE_MS;
      throw error;
    } finally {
      const endMs = clock.monotonicMs();
      this.soonestMs = endMs + Math.min(this.pauseMs(beganMs, endMs), longestMs);
      this.savedSinceMs = this.soonestMs;
      this.regularMs = every === 'minute' ? beganMs + MINUTE_MS : Infinity;
    }
  }

  /** The pause after a call, once what is saved is used up. */
  private pauseMs(beganMs: number, endMs: number): number {
    const { share, savedMs: mostMs = 0 } = this.pacing;
    const addedMs = share * Math.max(0, beganMs - (this.savedSinceMs ?? beganMs));
    const leftMs = Math.min(mostMs, this.savedMs + addedMs) - (endMs - beganMs);
    this.savedMs = Math.max(0, leftMs);
    return Math.max(0, -leftMs) / share;
  }
}

/** The saved time of a gauge: five minutes of half a percent of the time. */
export const GAUGE_SAVED_MS = 1_500;
