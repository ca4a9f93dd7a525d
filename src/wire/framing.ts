import { checksum } from './hash';

/** Bytes before each payload: magic 4, command 12, length 4, checksum 4. */
export const HEADER_BYTES = 24;

/** The longest payload that is accepted; Core 31 `src/net.h` MAX_PROTOCOL_MESSAGE_LENGTH. */
export const MAX_PAYLOAD_BYTES = 4_000_000;

const COMMAND_BYTES = 12;

/**
 * A chunk below this is copied behind the one before it: held by itself, as a chunk of one byte takes 440 bytes, a message of 4 MB
 * in such chunks would take 1.7 GB.
 */
const SMALL_CHUNK = 1_024;

/** What small chunks are gathered in. */
const GATHERED_BYTES = 16_384;

/** Why a stream of bytes stopped being the protocol. Each ends its connection. */
export type FramingViolation = 'wrong-magic' | 'oversized-message' | 'wrong-checksum';

/** Receives what a {@link FrameReader} finds. Commands are a stranger's bytes up to the first NUL, one character each. */
export interface FrameSink {
  /** Each whole message, header included in `bytes`, before anything is checked: a capture counts it, too. */
  arrived(command: string, bytes: number): void;
  /** Each message whose checksum holds, right after it `arrived`. */
  message(command: string, payload: Buffer): void;
  /** Called at most once; the reader ignores everything after. */
  violation(reason: FramingViolation): void;
}

/**
 * Cuts a stream of bytes into messages, whatever chunks it comes in. bcoin's own parser is not used: it drops a peer that
 * sends a command of 12 characters (BIP157's `getcfheaders`), and copies every chunk twice. A payload that lies within one chunk is a view of it
 * and not a copy. Nothing is allocated for what a header merely promises.
 */
export class FrameReader {
  private readonly chunks: Buffer[] = [];
  /** Where small chunks are gathered, the last of `chunks` being a view of it; null where it is none. */
  private gathering: Buffer | null = null;
  private buffered = 0;
  /** Bytes that must be there before the next step. */
  private wanted = HEADER_BYTES;
  private header: Buffer | null = null;
  private broken = false;

  constructor(
    private readonly magic: number,
    private readonly sink: FrameSink,
  ) {}

  /** Bytes that have come and were not handed on yet. */
  get held(): number {
    return this.buffered;
  }

  /** Takes a chunk, and hands on every message that is whole. */
  push(chunk: Buffer): void {
    this.add(chunk);
    this.run(always);
  }

  /** Takes a chunk; what is whole in it is handed on by {@link run}. */
  add(chunk: Buffer): void {
    if (this.broken) return;
    this.append(chunk);
    this.buffered += chunk.length;
  }

  /**
   * Hands on messages that are whole; true where one is left. `mayGoOn` is asked after each of them, with its bytes, whether
   * there may be another.
   */
  run(mayGoOn: (bytes: number) => boolean): boolean {
    while (!this.broken && this.buffered >= this.wanted) {
      if (this.header === null) {
        this.readHeader(this.take(HEADER_BYTES));
      } else {
        const { wanted } = this;
        this.readPayload(this.header, this.take(wanted));
        if (!mayGoOn(HEADER_BYTES + wanted)) break;
      }
    }
    if (this.broken) this.letGo();
    return this.buffered >= this.wanted;
  }

  /** Stops reading, also in the middle of a chunk. */
  stop(): void {
    this.broken = true;
    this.letGo();
  }

  private letGo(): void {
    this.chunks.length = 0;
    this.gathering = null;
    this.buffered = 0;
    this.wanted = Infinity;
  }

  private append(chunk: Buffer): void {
    if (this.chunks.length === 0 || chunk.length >= SMALL_CHUNK) {
      this.seal();
      this.chunks.push(chunk);
      return;
    }
    let used = this.chunks.at(-1)?.length ?? 0;
    if (this.gathering === null || this.gathering.length - used < chunk.length) {
      this.seal();
      const wanted = Math.min(GATHERED_BYTES, this.wanted - this.buffered);
      this.gathering = Buffer.allocUnsafeSlow(Math.max(chunk.length, wanted));
      this.chunks.push(EMPTY);
      used = 0;
    }
    chunk.copy(this.gathering, used);
    this.chunks[this.chunks.length - 1] = this.gathering.subarray(0, used + chunk.length);
  }

  /** Ends the gathering of small chunks; what they do not fill is given back. */
  private seal(): void {
    const last = this.chunks.at(-1);
    if (this.gathering !== null && last !== undefined && last.length < this.gathering.length / 2)
      this.chunks[this.chunks.length - 1] = Buffer.from(last);
    this.gathering = null;
  }

  private readHeader(header: Buffer): void {
    if (header.readUInt32LE(0) !== this.magic) {
      this.fail('wrong-magic');
      return;
    }
    const length = header.readUInt32LE(16);
    if (length > MAX_PAYLOAD_BYTES) {
      this.fail('oversized-message');
      return;
    }
    this.header = header;
    this.wanted = length;
  }

  private readPayload(header: Buffer, payload: Buffer): void {
    this.header = null;
    this.wanted = HEADER_BYTES;
    const command = commandOf(header);
    this.sink.arrived(command, HEADER_BYTES + payload.length);
    if (checksum(payload) === header.readUInt32LE(20)) this.sink.message(command, payload);
    else this.fail('wrong-checksum');
  }

  private fail(reason: FramingViolation): void {
    this.broken = true;
    this.sink.violation(reason);
  }

  /** Takes `length` bytes off the front; the caller has made sure that they are there. */
  private take(length: number): Buffer {
    this.gathering = null;
    this.buffered -= length;
    const first = this.chunks[0] ?? EMPTY;
    if (first.length > length) {
      this.chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (first.length === length) {
      this.chunks.shift();
      return first;
    }
    const whole = this.chunks.length === 1 ? first : Buffer.concat(this.chunks);
    this.chunks.length = 0;
    if (whole.length > length) this.chunks.push(whole.subarray(length));
    return whole.subarray(0, length);
  }
}

const EMPTY = Buffer.alloc(0);

const always = (): boolean => true;

function commandOf(header: Buffer): string {
  const end = header.indexOf(0, 4);
  return header.toString('latin1', 4, end === -1 || end > 4 + COMMAND_BYTES ? 4 + COMMAND_BYTES : end);
}

/** A whole message, ready to be sent. `command` is ASCII of at most 12 characters. */
export function encodeFrame(magic: number, command: string, payload: Buffer): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(magic, 0);
  frame.write(command, 4, COMMAND_BYTES, 'latin1');
  frame.writeUInt32LE(payload.length, 16);
  frame.writeUInt32LE(checksum(payload), 20);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}
