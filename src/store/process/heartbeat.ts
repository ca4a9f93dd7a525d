import { Patience } from './patience';

/**
 * Milliseconds between two checks. Each takes 0.4 ms of processor time here, and there are none while no
 * question is being answered.
 */
const EVERY_MS = 25;

/** After this time without a sign of life the process counts as stuck. */
const STUCK = { runMs: 200, hardMs: 5_000 };

/**
 * The same while a COMMIT or a checkpoint writes: DuckDB begins no transaction until that is on the disk,
 * which may be slow.
 */
const STUCK_WRITING = { runMs: 2_000, hardMs: 5_000 };

/** What a heartbeat needs. */
export interface HeartbeatModules {
  /** Asks the process for a sign of life. */
  readonly ask: () => void;
  /** Whether the process waits for the disk at this moment. */
  readonly isWriting: () => boolean;
  /** The share of the time since the last call in which the process could run, from 0 to 1. */
  readonly share: () => number;
  /**
   * Called when there was no sign of life in time.
   * @param waitedForDisk whether the process waited for the disk nearly all that time
   */
  readonly stuck: (waitedForDisk: boolean) => void;
}

/**
 * Watches whether another process still answers while a statement runs there. A statement can stop all others
 * in two ways. It takes all memory, and V8 collects garbage for many seconds before it gives up. Or it holds
 * a lock of DuckDB. For example, an unknown name of 3 MB makes DuckDB search for similar names, and hold a
 * lock for 12 s.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  /** The deadlines of the sign of life that is expected; null if none is. */
  private expected: { readonly notWriting: Patience; readonly all: Patience } | null = null;

  constructor(private readonly modules: HeartbeatModules) {}

  start(): void {
    this.timer ??= setInterval(() => this.look(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.expected = null;
  }

  /** Takes a sign of life. */
  alive(): void {
    this.expected = null;
  }

  private look(): void {
    const { expected, modules } = this;
    const share = modules.share();
    if (expected === null) {
      this.expected = {
        notWriting: new Patience(STUCK, EVERY_MS),
        all: new Patience(STUCK_WRITING, EVERY_MS),
      };
      modules.ask();
      return;
    }
    const isStuck = expected.notWriting.isOver(modules.isWriting() ? 0 : share);
    if (!expected.all.isOver(share) && !isStuck) return;
    this.stop();
    modules.stuck(!isStuck);
  }
}
