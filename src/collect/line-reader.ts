import { isUtf8 } from 'node:buffer';
import { MAX_LINE_BYTES } from '../export/line';
import type { LineRefusal } from './line-refusal';

/** Receives the lines of a `LineReader`. A call that returns false ends the reading. */
export interface LineSink {
  line(text: string): boolean;
  /** A line that can't be read. */
  bad(refusal: LineRefusal & ('too long' | 'not UTF-8')): boolean;
}

const NEWLINE = 0x0a;

/**
 * Splits a stream of bytes into lines of text. A newline always ends a line. Line protocol would allow a
 * newline within quotes, but none of our strings has one; so a quote that is never closed damages only its
 * own line. A line that is too long is skipped up to its end. At most one incomplete line is kept.
 */
export class LineReader {
  /** The beginning of a line whose end has not come yet. */
  private readonly parts: Buffer[] = [];
  private partial = 0;
  private skipping = false;

  constructor(private readonly sink: LineSink) {}

  /** Takes the next bytes; false if the sink has ended the reading. */
  push(bytes: Buffer): boolean {
    const first = bytes.indexOf(NEWLINE);
    if (first < 0) return this.keep(bytes);
    if (!this.finish(bytes.subarray(0, first))) return false;
    const last = bytes.lastIndexOf(NEWLINE);
    if (last > first && !this.whole(bytes.subarray(first + 1, last))) return false;
    return last + 1 === bytes.length || this.keep(bytes.subarray(last + 1));
  }

  /** Takes the remaining bytes as a line: the last line of a message needs no newline. */
  end(): boolean {
    return (this.partial === 0 && !this.skipping) || this.finish(Buffer.alloc(0));
  }

  private keep(bytes: Buffer): boolean {
    if (this.skipping) return true;
    if (this.partial + bytes.length > MAX_LINE_BYTES) {
      this.forget();
      this.skipping = true;
      return this.sink.bad('too long');
    }
    // A copy, so that the rest of the chunk can be freed.
    this.parts.push(Buffer.from(bytes));
    this.partial += bytes.length;
    // Many small buffers would take many times the memory of their bytes.
    if (this.parts.length > 16) this.parts.splice(0, this.parts.length, Buffer.concat(this.parts));
    return true;
  }

  /** Takes the end of a line whose beginning may have come before. */
  private finish(rest: Buffer): boolean {
    if (this.skipping) {
      this.skipping = false;
      return true;
    }
    if (this.partial === 0) return this.one(rest);
    const line = Buffer.concat([...this.parts, rest]);
    this.forget();
    return this.one(line);
  }

  /** Takes complete lines, decoded at once. */
  private whole(bytes: Buffer): boolean {
    if (!isUtf8(bytes)) {
      let from = 0;
      for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
        if (!this.one(bytes.subarray(from, to))) return false;
        from = to + 1;
      }
      return this.one(bytes.subarray(from));
    }
    const text = bytes.toString('utf8');
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      if (!this.hand(text.slice(from, to))) return false;
      from = to + 1;
    }
    return this.hand(text.slice(from));
  }

  private one(bytes: Buffer): boolean {
    if (bytes.length > MAX_LINE_BYTES) return this.sink.bad('too long');
    return isUtf8(bytes) ? this.hand(bytes.toString('utf8')) : this.sink.bad('not UTF-8');
  }

  private hand(text: string): boolean {
    if (text.length > MAX_LINE_BYTES) return this.sink.bad('too long');
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    // Empty lines are skipped.
    return line === '' || this.sink.line(line);
  }

  private forget(): void {
    this.parts.length = 0;
    this.partial = 0;
  }
}
