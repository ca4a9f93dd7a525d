import { fstatSync, writeSync } from 'node:fs';
import type { StatusOutput } from './status-line';

/** Bytes that may wait for a slow reader. Lines beyond them are dropped. */
const MOST_WAITING = 1_000_000;

/** The part of standard error that a log uses. */
export interface LogStream extends StatusOutput {
  readonly fd?: number;
  readonly writableLength?: number;
  readonly destroyed?: boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Standard error for a log that must never hurt the program. Lines are dropped while the reader of a pipe
 * does not read, after it has gone, and while the disk is full. They are counted, and the log tells their
 * number once lines can be written again.
 */
export class LogOutput implements StatusOutput {
  private lost = 0;
  private untold = 0;
  /**
   * The descriptor, if standard error is a file: a stream of Node.js gives a file up for good at its first
   * failure.
   */
  private readonly file: number | null;
  /** Whether the last write to the file ended in the middle of a line. */
  private isTorn = false;

  constructor(
    private readonly stream: LogStream,
    /** Makes the line that tells how many lines were dropped. */
    private readonly note: (lost: number) => string = () => '',
  ) {
    this.file = stream.isTTY === true ? null : fileOf(stream.fd);
    // A failed stream is destroyed. Without a listener its error would end the program.
    stream.on('error', () => undefined);
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  get columns(): number | undefined {
    return this.stream.columns;
  }

  /** The number of lines that were dropped since the start. */
  get dropped(): number {
    return this.lost;
  }

  /** Writes whole lines, or the text of a terminal's status line. */
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
 * The descriptor, if it belongs to a file or a device. Null without a descriptor, and for a pipe or a socket,
 * where a write must not block.
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
