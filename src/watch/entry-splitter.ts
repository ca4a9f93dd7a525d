/** An entry of a list or an object: null in place of the key where it is a list. */
export type TakeEntry = (key: string | null, value: unknown) => void;

/** No entry of a node's answer is longer. */
const MAX_ENTRY_BYTES = 4_000_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** The depth of the members of the answer, and of the entries of its `result`. */
const MEMBERS = 1;
const ENTRIES = 2;

/**
 * Reads an answer of JSON-RPC as its bytes come, and gives the entries of its `result` one by one. The
 * mempool of 200,000 transactions is 100 MB of JSON; parsing it at once takes half a gigabyte and blocks the
 * program for a second. This class follows only strings and brackets, to find the end of an entry; JSON.parse
 * reads the entry.
 */
export class EntrySplitter {
  private depth = 0;
  private isString = false;
  private isEscaped = false;
  private isOver = false;
  /** The bracket that opened `result`; 0 outside of it. */
  private opener = 0;
  /** The beginning of the current entry or member, from earlier chunks. */
  private parts: Buffer[] = [];
  private partsBytes = 0;
  private readonly members: string[] = [];

  constructor(private readonly take: TakeEntry) {}

  /** @throws SyntaxError where it is no JSON; RangeError where an entry is too long */
  push(chunk: Buffer): void {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.isString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.isString = false;
        continue;
      }
      switch (byte) {
        case QUOTE:
          if (this.depth === 0) throw new SyntaxError('is no object');
          this.isString = true;
          break;
        case OPEN_OBJECT:
        case OPEN_LIST:
          if (this.open(byte, chunk.subarray(from, i))) from = i + 1;
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          if (this.close(byte, chunk.subarray(from, i))) from = i + 1;
          break;
        case COMMA:
          if (this.depth === MEMBERS || this.isBetweenEntries()) {
            this.finish(chunk.subarray(from, i));
            from = i + 1;
          }
          break;
        default:
          if (this.depth === 0 && (byte ?? 0) > SPACE) throw new SyntaxError('is no object');
      }
    }
    if (this.depth > 0) this.keep(chunk.subarray(from));
  }

  /**
   * The members of the answer, without a `result` that was given by its entries.
   * @throws SyntaxError if the answer is not complete
   */
  end(): Readonly<Record<string, unknown>> {
    if (!this.isOver) throw new SyntaxError('ends in the middle');
    return JSON.parse(`{${this.members.join(',')}}`) as Readonly<Record<string, unknown>>;
  }

  private isBetweenEntries(): boolean {
    return this.depth === ENTRIES && this.opener !== 0;
  }

  /** Returns whether what follows begins a new member or entry. */
  private open(byte: number, before: Buffer): boolean {
    if (this.isOver) throw new SyntaxError('goes on after its end');
    this.depth += 1;
    if (this.depth === MEMBERS) {
      if (byte !== OPEN_OBJECT) throw new SyntaxError('is no object');
      return true;
    }
    if (this.depth !== ENTRIES || !/^\s*"result"\s*:\s*$/.test(this.text(before))) return false;
    this.clear();
    this.opener = byte;
    return true;
  }

  private close(byte: number, before: Buffer): boolean {
    if (this.isBetweenEntries()) {
      if ((byte === CLOSE_LIST) !== (this.opener === OPEN_LIST)) throw new SyntaxError('has a wrong bracket');
      this.finish(before);
      this.opener = 0;
      this.depth -= 1;
      return true;
    }
    this.depth -= 1;
    if (this.depth < 0) throw new SyntaxError('has a bracket too many');
    if (this.depth > 0) return false;
    this.depth = MEMBERS;
    this.finish(before);
    this.depth = 0;
    this.isOver = true;
    return true;
  }

  /** Ends a member or an entry. */
  private finish(last: Buffer): void {
    const text = this.text(last);
    this.clear();
    if (text.trim() === '') return;
    if (this.depth === MEMBERS) {
      this.members.push(text);
      return;
    }
    if (this.opener === OPEN_LIST) {
      this.take(null, JSON.parse(text));
      return;
    }
    for (const [key, value] of Object.entries(JSON.parse(`{${text}}`) as object)) this.take(key, value);
  }

  /** The current member or entry, as far as it has come. */
  private text(last: Buffer): string {
    if (this.partsBytes + last.length > MAX_ENTRY_BYTES) throw new RangeError('has too long an entry');
    return (this.parts.length === 0 ? last : Buffer.concat([...this.parts, last])).toString('utf8');
  }

  private keep(part: Buffer): void {
    if (part.length === 0) return;
    this.partsBytes += part.length;
    if (this.partsBytes > MAX_ENTRY_BYTES) throw new RangeError('has too long an entry');
    // The chunk may be a part of a larger one, which would be kept with it.
    this.parts.push(Buffer.from(part));
  }

  private clear(): void {
    this.parts = [];
    this.partsBytes = 0;
  }
}
