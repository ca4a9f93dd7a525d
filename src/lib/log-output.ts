import { fstatSync, writeSync } from 'node:fs';
import type { StatusOutput } from './status-line';

/** Bytes that wait for a reader who is slow; what comes beyond them is left out. */
const MOST_WAITING = 1_000_000;

/** What standard error is to a log. */
export interface LogStream extends StatusOutput {
  readonly fd?: number;
  readonly writableLength?: number;
  readonly destroyed?: boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Standard error for a log that must not hurt the program. A reader that stands still (a pipe that nobody
 * empties) costs the lines that come meanwhile; one that is gone, or a full disk, costs lines as well. They
 * are counted, and told once lines can be written again.
 */
export class LogOutput implements StatusOutput {
  private lost = 0;
  private untold = 0;
  /** A file, which a stream of Node.js would give up for good at its first failure. */
  private readonly file: number | null;
  /** Whether the last write to the file ended within a line. */
  private isTorn = false;

  constructor(
    private readonly stream: LogStream,
    /** The line that tells how many were left out. */
    private readonly note: (lost: number) => string = () => '',
  ) {
    this.file = stream.isTTY === true ? null : fileOf(stream.fd);
    // A stream that failed is destroyed; without a listener its error would end the program.
    stream.on('error', () => undefined);
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  get columns(): number | undefined {
    return this.stream.columns;
  }

  /** Lines that were left out since the start. */
  get dropped(): number {
    return this.lost;
  }

  /** Takes whole lines, or what draws the last line of a terminal. */
  write(text: string): void {
    const told = this.untold === 0 ? '' : this.note(this.untold);
    if (this.put(`${told}${text}`)) {
      this.untold = 0;
      return;
    }
    const lines = text.split('\n').length - 1;
    this.lost += lines;
    this.untold += lines;
  }

  private put(text: string): boolean {
    if (this.file !== null) return this.putInto(this.file, text);
    if (this.stream.destroyed === true || (this.stream.writableLength ?? 0) > MOST_WAITING) return false;
    this.stream.write(text);
    return true;
  }

  private putInto(file: number, text: string): boolean {
    const bytes = Buffer.from(this.isTorn ? `\n${text}` : text);
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(file, bytes, at);
      this.isTorn = false;
      return true;
    } catch {
      if (at > 0) this.isTorn = bytes[at - 1] !== 0x0a;
      return false;
    }
  }
}

/**
 * A descriptor of a file or device; null for a pipe or a socket, where writing must not wait, and where there
 * is none.
 */
function fileOf(fd: number | undefined): number | null {
  if (fd === undefined) return null;
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket() ? null : fd;
  } catch {
    return null;
  }
}
