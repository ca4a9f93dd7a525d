import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from '../wire/framing';
import { checksum } from '../wire/hash';
import { PartialMessage } from '../wire/partial-message';

const MAGIC_BYTES = 4;
const COMMAND_START = 4;
const COMMAND_END = 16;
const LENGTH_AT = 16;
const CHECKSUM_AT = 20;

const NOTHING = Buffer.alloc(0);

/**
 * Bytes that may be hashed or copied in vain, besides a multiple of those that came. A stranger can send
 * headers that lead nowhere, one in the payload of another.
 */
const FREE_WORK = 16_000_000;
const WORK_PER_BYTE = 8;

/** A message that was found. */
export interface FoundMessage {
  readonly command: string;
  readonly payload: Buffer;
  /** Bytes that were passed over before it, since the search began or since the last count. */
  readonly passedOver: number;
  /** What came behind it. */
  readonly rest: Buffer;
}

/**
 * Finds the next message in a stream that begins anywhere, as in the middle of a message: the network's
 * magic, a command of letters and digits, a length that is allowed, and a checksum that is right. A magic
 * that leads to no message is passed over by one byte, so that a message within is found. Its cost is linear:
 * when too much was hashed in vain, what claims to be a message is passed over as a whole.
 */
export class MessageSearch {
  private readonly magicBytes = Buffer.alloc(MAGIC_BYTES);
  /** Bytes from the first place on at which a message may begin; null without such a place. */
  private partial: PartialMessage | null = null;
  /** Bytes that `partial` is for: a header, or a header and its payload. */
  private wanted = 0;
  /** Bytes that were passed over and not told yet. */
  private passedOver = 0;
  private received = 0;
  private work = 0;

  constructor(magic: number) {
    this.magicBytes.writeUInt32LE(magic);
  }

  /** Bytes that are held, for the end of what may be a message. */
  get held(): number {
    return this.partial === null ? 0 : this.wanted - this.partial.missing;
  }

  /** Takes bytes; returns the first message, after which this search is over, or null where there is none. */
  push(chunk: Buffer): FoundMessage | null {
    this.received += chunk.length;
    let rest = chunk;
    while (rest.length > 0) {
      const bytes = this.take(rest);
      if (bytes === null) return null;
      rest = bytes.rest;
      const found = this.look(bytes.whole);
      if (found === null) continue;
      return rest.length === 0 ? found : { ...found, rest: Buffer.concat([found.rest, rest]) };
    }
    return null;
  }

  /** Bytes that were passed over since the last call. */
  takePassedOver(): number {
    const { passedOver } = this;
    this.passedOver = 0;
    return passedOver;
  }

  /** Ends the search. Returns the bytes that were not told: passed over, or held for a message's end. */
  stop(): number {
    const { held } = this;
    this.partial?.drop();
    this.partial = null;
    return this.takePassedOver() + held;
  }

  /** The bytes to look at next, and those behind them; null where more must come first. */
  private take(chunk: Buffer): { readonly whole: Buffer; readonly rest: Buffer } | null {
    const { partial } = this;
    if (partial === null) return { whole: chunk, rest: NOTHING };
    const end = Math.min(partial.missing, chunk.length);
    partial.add(chunk.subarray(0, end));
    if (partial.missing > 0) return null;
    this.partial = null;
    const whole = partial.take();
    const rest = chunk.subarray(end);
    this.work += whole.length;
    if (this.wanted > HEADER_BYTES) return { whole, rest };
    // A header alone would be searched again for each few bytes.
    this.work += rest.length;
    return { whole: Buffer.concat([whole, rest]), rest: NOTHING };
  }

  private look(bytes: Buffer): FoundMessage | null {
    let at = 0;
    for (;;) {
      const found = bytes.indexOf(this.magicBytes, at);
      // The last bytes may be the beginning of a magic.
      if (found < 0) return this.keep(bytes, Math.max(at, bytes.length - MAGIC_BYTES + 1), HEADER_BYTES);
      at = found;
      if (bytes.length - at < HEADER_BYTES) return this.keep(bytes, at, HEADER_BYTES);
      const length = bytes.readUInt32LE(at + LENGTH_AT);
      if (length > MAX_PAYLOAD_BYTES || !isSaneCommand(bytes, at)) {
        at++;
        continue;
      }
      const end = at + HEADER_BYTES + length;
      if (bytes.length < end) return this.keep(bytes, at, HEADER_BYTES + length);
      const payload = bytes.subarray(at + HEADER_BYTES, end);
      if (checksum(payload) === bytes.readUInt32LE(at + CHECKSUM_AT)) {
        this.passedOver += at;
        return {
          command: commandAt(bytes, at),
          payload,
          passedOver: this.takePassedOver(),
          rest: bytes.subarray(end),
        };
      }
      this.work += length;
      at = this.work > FREE_WORK + WORK_PER_BYTE * this.received ? end : at + 1;
    }
  }

  /** Keeps the bytes from `at` on, until `wanted` are there. */
  private keep(bytes: Buffer, at: number, wanted: number): null {
    this.passedOver += at;
    if (at < bytes.length) {
      this.wanted = wanted;
      this.partial = new PartialMessage(wanted);
      this.partial.add(bytes.subarray(at));
    }
    return null;
  }
}

/** Whether the command at a magic is of letters and digits, and NULs behind them alone. */
function isSaneCommand(bytes: Buffer, at: number): boolean {
  let isOver = false;
  for (let i = at + COMMAND_START; i < at + COMMAND_END; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0) isOver = true;
    else if (isOver || !isAlphanumeric(byte)) return false;
  }
  return bytes[at + COMMAND_START] !== 0;
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

function commandAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at + COMMAND_START, at + COMMAND_END).replace(/\0+$/, '');
}
