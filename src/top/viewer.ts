import type { ReadStream, WriteStream } from 'node:tty';
import { BtcdmonError } from '../lib/errors';
import type { TopData } from './data';
import type { Feed } from './feed';
import { frame } from './frame';
import { keysOf, press } from './keys';
import { Screen } from './screen';
import { longAge } from './text';
import type { View } from './view';

/** How a viewer works. */
export interface ViewerOptions {
  readonly everyMs: number;
  readonly colours: boolean;
}

/** What it works with. */
export interface ViewerModules {
  readonly feed: Pick<Feed, 'next'>;
  readonly stdout: WriteStream;
  readonly stdin: ReadStream;
}

/** An answer that takes longer is named. */
const SLOW_MS = 10_000;

const RESUME_MS = 100;

/** Shows frames on a terminal and hears the keys. Asking and drawing go their own ways: a store that is slow holds up no key. */
export class Viewer {
  private view: View = { sort: 'direction', scroll: 0, paused: false, help: false };
  private data: TopData | null = null;
  private trouble: string | null = null;
  /** The furthest that can be scrolled. */
  private lastScroll = 0;
  /** When it was asked for what has not come yet. */
  private askedMs: number | null = null;
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

  /** Resolves when the reader, or `signalled`, wants an end; the terminal is as it was then, and also where it throws. */
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
    try {
      this.data = await this.modules.feed.next();
      this.trouble = null;
    } catch (error) {
      if (!(error instanceof BtcdmonError)) throw error;
      this.trouble = error.message;
    } finally {
      this.askedMs = null;
    }
    this.draw();
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
        // As a terminal does at Ctrl-Z: to all of the foreground.
        process.kill(0, 'SIGTSTP');
        // Where no shell waits (ssh -t HOST btcdmon-node top) nothing stops.
        setTimeout(this.resume, RESUME_MS);
        return;
      }
      this.view = next;
    }
    this.draw();
  }

  /** Whoever had the terminal meanwhile may have left it otherwise. */
  private readonly resume = (): void => {
    this.screen.leave();
    this.screen.enter();
    this.draw();
  };
}
