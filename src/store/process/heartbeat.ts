/** How often a sign of life is asked for, and looked for, in milliseconds. */
const EVERY_MS = 100;

/**
 * How often it is looked for in vain. Where this process is held up itself it looks less often, and the other
 * has more time.
 */
const MAX_LOOKS = 20;

/** What a heartbeat tells. */
export interface HeartbeatModules {
  /** Asks the process for a sign of life. */
  readonly ask: () => void;
  /** It gave none. */
  readonly stuck: () => void;
}

/**
 * Watches whether the event loop of another process goes on. A statement that takes all memory leaves V8
 * none, which then collects garbage for many seconds before it gives up, and no answer is sent meanwhile.
 */
export class Heartbeat {
  private timer: NodeJS.Timeout | undefined;
  /** How often it was looked for the sign that was asked for; null where none is waited for. */
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
