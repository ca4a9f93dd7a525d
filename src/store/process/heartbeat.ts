/** Milliseconds between two looks for a sign of life. */
const EVERY_MS = 100;

/**
 * Looks without a sign of life until a process counts as stuck. They are counted, not timed: where this
 * process is busy it looks less often, and the other one has more time.
 */
const MAX_LOOKS = 20;

/** What a heartbeat asks and reports. */
export interface HeartbeatModules {
  /** Asks the process for a sign of life. */
  readonly ask: () => void;
  /** The process gave none. */
  readonly stuck: () => void;
}

/**
 * Watches whether the event loop of another process goes on. A statement that takes all memory leaves none to
 * V8, which collects garbage for many seconds before it gives up. Until then no answer is sent.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  /** Looks since a sign of life was asked for; null where none is awaited. */
  private looks: number | null = null;

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
    if (this.looks === null) {
      this.looks = 0;
      this.modules.ask();
      return;
    }
    this.looks++;
    if (this.looks < MAX_LOOKS) return;
    this.stop();
    this.modules.stuck();
  }
}
