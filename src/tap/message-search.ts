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
  /** The bytes after it. */
  readonly rest: Buffer;
}

/**
 * Finds the next message in a stream that begins anywhere, such as in the middle of a message. A message has
 * the network's magic, a command of letters and digits, an allowed length, and a right checksum. A magic
 * without a message is skipped by one byte, so that a message inside it is found. The cost is linear: after
 * too much hashing in vain, a whole claimed message is skipped.
 */
export class MessageSearch {
  private readonly magicBytes = Buffer.alloc(MAGIC_BYTES);
  /** Bytes from the first possible beginning of a message on; null if there is none. */
  private partial: PartialMessage | null = null;
  /** Bytes that `partial` is for: a header, or a header and its payload. */
  private wanted = 0;
  /** Skipped bytes that were not reported yet. */
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

  /** Takes bytes. Returns the first message, which ends this search, or null if there is none. */
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

  /**
   * Ends the search. Returns the number of bytes that were not reported: skipped, or held for the end of a
   * message.
   */
  stop(): number {
    const { held } = this;
    this.partial?.drop();
    this.partial = null;
    return this.takePassedOver() + held;
  }

  /** The bytes to search next, and those after them; null if more must come first. */
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

/** Whether the command at a magic consists of letters and digits, followed only by NULs. */
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
