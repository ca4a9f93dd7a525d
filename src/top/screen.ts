import type { ReadStream, WriteStream } from 'node:tty';
import type { TextLine, Style } from './layout';
import type { Size } from './frame';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[0m\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR = '\x1b[2J';

const STYLES: Readonly<Record<Style, string>> = {
  plain: '',
  title: '\x1b[1m',
  faint: '\x1b[2m',
  good: '\x1b[32m',
  warn: '\x1b[33m',
  alert: '\x1b[1;31m',
};

/** Used if a terminal does not report its size. */
const DEFAULT_WIDTH = 80;
const DEFAULT_HEIGHT = 24;

/** The terminal. `enter` takes it over; `leave` restores it, however the program ends. */
export class Screen {
  private entered = false;
  /** What the terminal shows is not the last frame. */
  private stale = true;
  private readonly leaveAtExit = (): void => this.leave();
  private readonly resized = (): void => {
    this.stale = true;
    this.hooks.redraw();
  };
  private readonly typed = (chunk: Buffer): void => this.hooks.typed(chunk.toString('latin1'));
  private readonly gone = (): void => this.hooks.gone();

  constructor(
    private readonly output: WriteStream,
    /** Null if there is no keyboard. */
    private readonly input: ReadStream | null,
    private readonly colours: boolean,
    private readonly hooks: {
      readonly redraw: () => void;
      readonly typed: (text: string) => void;
      /** Called when the terminal was closed. */
      readonly gone: () => void;
    },
  ) {
    // The listener is never removed: a write may fail after the program has left the terminal.
    output.on('error', this.gone);
  }

  get size(): Size {
    // A terminal that does not know its size reports 0.
    return {
      width: this.output.columns > 0 ? this.output.columns : DEFAULT_WIDTH,
      height: this.output.rows > 0 ? this.output.rows : DEFAULT_HEIGHT,
    };
  }

  enter(): void {
    if (this.entered) return;
    this.entered = true;
    this.stale = true;
    process.on('exit', this.leaveAtExit);
    this.output.on('resize', this.resized);
    this.output.write(ENTER);
    const { input } = this;
    if (input === null) return;
    input.setRawMode(true);
    input.on('data', this.typed).on('end', this.gone).on('error', this.gone);
    input.resume();
  }

  leave(): void {
    if (!this.entered) return;
    this.entered = false;
    process.off('exit', this.leaveAtExit);
    this.output.off('resize', this.resized);
    const { input } = this;
    if (input !== null) {
      input.off('data', this.typed).off('end', this.gone).off('error', this.gone);
      input.setRawMode(false);
      input.pause();
    }
    this.output.write(LEAVE);
  }

  /** Draws a frame, made for the current size, over the last one. */
  draw(lines: readonly TextLine[]): void {
    if (!this.entered) return;
    const { width } = this.size;
    const drawn = lines.map(({ text, style }) => {
      const start = this.colours ? STYLES[style] : '';
      const shown = start === '' ? text : `${start}${text}\x1b[0m`;
      // After a full line the cursor is on its last character, which clearing would erase.
      return text.length < width ? shown + CLEAR_LINE : shown;
    });
    this.output.write(`${this.stale ? CLEAR : ''}${HOME}${drawn.join('\r\n')}`);
    this.stale = false;
  }
}
