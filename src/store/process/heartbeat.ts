/** Milliseconds between two checks. */
const EVERY_MS = 50;

/**
 * After this many checks without a sign of life the process counts as stuck. If our own process is blocked,
 * it checks less often, and the other process has more time.
 */
const MAX_LOOKS = 8;

/**
 * The same while a COMMIT or a checkpoint writes: DuckDB begins no transaction until that is on the disk,
 * which may be slow.
 */
const MAX_LOOKS_WRITING = 40;

/** What a heartbeat needs. */
export interface HeartbeatModules {
  /** Asks the process for a sign of life. */
  readonly ask: () => void;
  /** Whether the process waits for the disk at this moment. */
  readonly isWriting: () => boolean;
  /** Called when there was no sign of life in time. */
  readonly stuck: () => void;
}

/**
 * Watches whether another process still answers while a statement runs there. A statement can stop all others
 * in two ways. It takes all memory, and V8 collects garbage for many seconds before it gives up. Or it holds
 * a lock of DuckDB. For example, an unknown name of 3 MB makes DuckDB search for similar names, and hold a
 * lock for 12 s.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  /** Checks since a sign of life was requested; null if none is expected. */
  private looks: { all: number; notWriting: number } | null = null;

  constructor(private readonly modules: HeartbeatModules) {}

  start(): void {
    this.timer ??= setInterval(() => this.look(), EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.looks = null;
  }

  /** Takes a sign of life. */
  alive(): void {
    this.looks = null;
  }

  private look(): void {
    const { looks } = this;
    if (looks === null) {
      this.looks = { all: 0, notWriting: 0 };
      this.modules.ask();
      return;
    }
    looks.all++;
    if (!this.modules.isWriting()) looks.notWriting++;
    if (looks.notWriting < MAX_LOOKS && looks.all < MAX_LOOKS_WRITING) return;
    this.stop();
    this.modules.stuck();
  }
}
