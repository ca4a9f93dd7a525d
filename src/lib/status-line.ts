import { Writable } from 'node:stream';

/** A terminal, or what stands in its place. */
export interface StatusOutput {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\x1b[K';

/** Where a terminal does not tell its width. */
const DEFAULT_COLUMNS = 80;

/**
 * The last line of a terminal, drawn again and again in one place, and all other lines, which go above it.
 * Where there is no terminal there is no such line, and the others pass through.
 */
export class StatusLine {
  /** Takes the other lines, each chunk whole lines. */
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
   * Draws a text of one line in place of the last one; cut where the terminal ends, since a wrapped line
   * cannot be taken back.
   */
  show(text: string): void {
    if (!this.isLive) return;
    this.text = text.slice(0, (this.out.columns ?? DEFAULT_COLUMNS) - 1);
    this.out.write(`${CLEAR_LINE}${this.text}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.text === '') return;
    this.text = '';
    this.out.write(CLEAR_LINE);
  }
}
