import { SamError } from './sam-reply';

/** The longest line that is read from a bridge; Core 31 `src/i2p.h` MAX_MSG_SIZE. */
const MAX_LINE_BYTES = 65_536;

const NEWLINE = 0x0a;

/** Cuts the first line out of chunks, and leaves what follows it. */
export class FirstLine {
  private readonly chunks: Buffer[] = [];
  private length = 0;

  /**
   * Takes a chunk. Returns the line once it is complete, one character for each byte, and the bytes after it.
   * @throws SamError if the line is too long
   */
  push(chunk: Buffer): { readonly line: string; readonly rest: Buffer } | null {
    const end = chunk.indexOf(NEWLINE);
    const part = end < 0 ? chunk : chunk.subarray(0, end);
    this.chunks.push(part);
    this.length += part.length;
    if (this.length > MAX_LINE_BYTES) throw new SamError(`sent a line of more than ${MAX_LINE_BYTES} bytes`);
    if (end < 0) return null;
    const line = Buffer.concat(this.chunks).toString('latin1').replace(/\r$/, '');
    return { line, rest: chunk.subarray(end + 1) };
  }
}
