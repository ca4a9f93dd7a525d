import { messageOf } from '../../lib/errors';
import type { AcceptedStream, SamSession } from './sam-session';

/** The wait after a failure; it doubles up to the longest (Core 31 `src/net.cpp` ThreadI2PAcceptIncoming). */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;

export interface AcceptorHooks {
  /** Called with each stream that a peer opened to us. */
  readonly taken: (stream: AcceptedStream) => void;
  /** Called when we can be reached, and again whenever our address has changed. */
  readonly reachable: (name: string) => void;
  /** Called at the first failure after a success. */
  readonly failed: (reason: string) => void;
}

/** Accepts streams from I2P, one after the other, for as long as the program runs. */
export class Acceptor {
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private wake: (() => void) | undefined;
  private name: string | undefined;

  constructor(
    private readonly session: SamSession,
    private readonly hooks: AcceptorHooks,
  ) {}

  start(): void {
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.wake?.();
  }

  private async run(): Promise<void> {
    for (let failures = 0; !this.stopped;) {
      try {
        const name = await this.session.open();
        if (name !== this.name) this.hooks.reachable(name);
        this.name = name;
        const stream = await this.session.accept();
        failures = 0;
        if (this.stopped as boolean) stream.socket.destroy();
        else this.hooks.taken(stream);
      } catch (error) {
        if (this.stopped as boolean) return;
        if (failures === 0) this.hooks.failed(messageOf(error));
        await this.pause(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures));
        failures += 1;
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.timer = setTimeout(resolve, ms);
    });
  }
}
