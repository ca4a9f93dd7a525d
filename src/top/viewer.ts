import type { ReadStream, WriteStream } from 'node:tty';
import { BtcdmonError } from '../lib/errors';
import type { TopData } from './data';
import type { Feed } from './feed';
import { frame } from './frame';
import { keysOf, press } from './keys';
import { Screen } from './screen';
import { longAge } from './text';
import type { View } from './view';

export interface ViewerOptions {
  readonly everyMs: number;
  readonly colours: boolean;
}

export interface ViewerModules {
  readonly feed: Pick<Feed, 'next' | 'switchNode'>;
  readonly stdout: WriteStream;
  readonly stdin: ReadStream;
}

/** A request that takes longer is reported. */
const SLOW_MS = 10_000;

const RESUME_MS = 100;

/**
 * Shows frames on a terminal and handles keys. Requests and drawing are independent, so a slow store delays
 * no key.
 */
export class Viewer {
  private view: View = { sort: 'direction', scroll: 0, paused: false, help: false };
  private data: TopData | null = null;
  private trouble: string | null = null;
  /** The furthest scroll position. */
  private lastScroll = 0;
  /** When the unanswered request was sent. */
  private askedMs: number | null = null;
  /** How often another node was chosen. */
  private switches = 0;
  private readonly screen: Screen;
  private end: () => void = () => undefined;
  private fail: (error: unknown) => void = () => undefined;

  constructor(
    private readonly options: ViewerOptions,
    private readonly modules: ViewerModules,
  ) {
    const { stdout, stdin } = modules;
    this.screen = new Screen(stdout, stdin.isTTY ? stdin : null, options.colours, {
      redraw: () => this.draw(),
      typed: (text) => this.typed(text),
      gone: () => this.end(),
    });
  }

  /**
   * Resolves when the user quits or `signalled` resolves. The terminal is restored then, also if it throws.
   */
  async run(first: TopData, signalled: Promise<void>): Promise<void> {
    this.data = first;
    const ended = new Promise<void>((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
    });
    const timer = setInterval(() => this.tick(), this.options.everyMs);
    process.on('SIGCONT', this.resume);
    try {
      this.screen.enter();
      this.draw();
      await Promise.race([ended, signalled]);
    } finally {
      process.off('SIGCONT', this.resume);
      clearInterval(timer);
      this.screen.leave();
    }
  }

  private tick(): void {
    this.draw();
    if (this.askedMs === null && !this.view.paused) this.ask().catch(this.fail);
  }

  private async ask(): Promise<void> {
    this.askedMs = performance.now();
    const { switches } = this;
    try {
      const data = await this.modules.feed.next();
      if (switches === this.switches) this.data = data;
      this.trouble = null;
    } catch (error) {
      if (!(error instanceof BtcdmonError)) throw error;
      this.trouble = error.message;
    } finally {
      this.askedMs = null;
    }
    this.draw();
    if (switches !== this.switches) await this.ask();
  }

  /** Shows another node at once, also while the frames are paused. */
  private switchNode(step: 1 | -1): void {
    this.modules.feed.switchNode(step);
    this.view = { ...this.view, scroll: 0 };
    this.switches++;
    if (this.askedMs === null) this.ask().catch(this.fail);
  }

  private draw(): void {
    const { data, view } = this;
    if (data === null) return;
    const nowMs = Date.now();
    const waited = this.askedMs === null ? 0 : performance.now() - this.askedMs;
    const trouble = waited > SLOW_MS ? `no answer for ${longAge(waited)}` : this.trouble;
    const picture = { data, view, nowMs, everyMs: this.options.everyMs, trouble };
    const { lines, peersShown } = frame(picture, this.screen.size);
    this.lastScroll = view.help ? view.scroll : Math.max(0, (data.peers?.length ?? 0) - peersShown);
    this.screen.draw(lines);
  }

  private typed(text: string): void {
    for (const key of keysOf(text)) {
      const next = press(this.view, key, this.lastScroll);
      if (next === 'quit') {
        this.end();
        return;
      }
      if (next === 'suspend') {
        this.screen.leave();
        // Like a terminal at Ctrl-Z: the signal goes to the whole foreground group.
        process.kill(0, 'SIGTSTP');
        // Without a shell that waits (ssh -t HOST btcdmon-node top) nothing is suspended.
        setTimeout(this.resume, RESUME_MS);
        return;
      }
      if (next === 'next node' || next === 'previous node') this.switchNode(next === 'next node' ? 1 : -1);
      else this.view = next;
    }
    this.draw();
  }

  /** Another program may have changed the terminal meanwhile. */
  private readonly resume = (): void => {
    this.screen.leave();
    this.screen.enter();
    this.draw();
  };
}
