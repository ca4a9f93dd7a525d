import { Writable } from 'node:stream';

/** A terminal or another output. */
export interface StatusOutput {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\x1b[K';

/** The width of a terminal that does not tell its own. */
const DEFAULT_COLUMNS = 80;

/**
 * The last line of a terminal, which is drawn again and again in the same place, and all other lines, which
 * are written above it. Without a terminal there is no such line, and the others are written as they are.
 */
export class StatusLine {
  /** Takes the other lines. Each chunk consists of whole lines. */
  readonly lines = new Writable({
    decodeStrings: false,
    write: (chunk: string, _, done) => {
      this.out.write(this.text === '' ? chunk : `${CLEAR_LINE}${chunk}${this.text}`);
      done();
    },
  });
  private text = '';

  constructor(private readonly out: StatusOutput) {}

  /** Whether there is a terminal to draw on. */
  get isLive(): boolean {
    return this.out.isTTY === true;
  }

  /**
   * Draws a text of one line in place of the last one. The text is cut at the width of the terminal, since a
   * wrapped line could not be replaced.
   */
  show(text: string): void {
    if (!this.isLive) return;
    this.text = text.slice(0, (this.out.columns ?? DEFAULT_COLUMNS) - 1);
    this.out.write(`${CLEAR_LINE}${this.text}`);
  }

  /** Removes the line. */
  clear(): void {
    if (this.text === '') return;
    this.text = '';
    this.out.write(CLEAR_LINE);
  }
}
