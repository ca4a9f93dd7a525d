import { CommandField } from './command-field';
import { checksum } from './hash';
import { PartialMessage } from './partial-message';
import { YoungGarbage } from '../lib/young-garbage';

/** Bytes before each payload: magic 4, command 12, length 4, checksum 4. */
export const HEADER_BYTES = 24;

/** The longest payload that is accepted; Core 31 `src/net.h` MAX_PROTOCOL_MESSAGE_LENGTH. */
export const MAX_PAYLOAD_BYTES = 4_000_000;

const COMMAND_BYTES = 12;

/** Why a stream of bytes stopped being the protocol. Each ends its connection. */
export type FramingViolation = 'wrong-magic' | 'oversized-message' | 'wrong-checksum';

/** What is needed of a header, and no view of its bytes: that would keep the chunk that they came in. */
interface Header {
  readonly command: string;
  readonly checksum: number;
}

/**
 * Receives what a {@link FrameReader} finds. Commands are a stranger's bytes up to the first NUL, one
 * character each.
 */
export interface FrameSink {
  /** Each whole message, header included in `bytes`, before anything is checked: a capture counts it, too. */
  arrived(command: string, bytes: number): void;
  /** Each message whose checksum holds, right after it `arrived`. */
  message(command: string, payload: Buffer): void;
  /** Called at most once; the reader ignores everything after. */
  violation(reason: FramingViolation): void;
}

/**
 * Cuts a stream of bytes into messages, whatever chunks it comes in. bcoin's own parser is not used: it drops
 * a peer that sends a command of 12 characters (BIP157's `getcfheaders`), and copies every chunk twice. A
 * payload that lies within one chunk is a view of it and not a copy. Nothing is allocated for what a header
 * merely promises.
 */
export class FrameReader {
  /** What has come behind `partial` and was not read yet. */
  private readonly chunks: Buffer[] = [];
  private readonly commands = new CommandField();
  /** What has come of a header or a payload that is not whole. */
  private partial: PartialMessage | null = null;
  private buffered = 0;
  /** Bytes that must be there before the next step. */
  private wanted = HEADER_BYTES;
  /** What the header says of the payload that comes next; null where a header comes next. */
  private header: Header | null = null;
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
    this.chunks.push(chunk);
    this.buffered += chunk.length;
  }

  /**
   * Hands on messages that are whole; true where one is left. `mayGoOn` is asked after each of them, with its
   * bytes, whether there may be another.
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
    else if (this.buffered < this.wanted) this.gather();
    return this.buffered >= this.wanted;
  }

  /** Stops reading, also in the middle of a chunk. */
  stop(): void {
    this.broken = true;
    this.letGo();
  }

  private letGo(): void {
    this.chunks.length = 0;
    this.partial?.drop();
    this.partial = null;
    this.buffered = 0;
    this.wanted = Infinity;
  }

  /** Moves what has come into memory of its own. */
  private gather(): void {
    if (this.chunks.length === 0) return;
    this.partial ??= new PartialMessage(this.wanted);
    for (const chunk of this.chunks) {
      this.partial.add(chunk);
      garbage.left(chunk.length);
    }
    this.chunks.length = 0;
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
    this.header = { command: this.commands.of(header), checksum: header.readUInt32LE(20) };
    this.wanted = length;
  }

  private readPayload({ command, checksum: expected }: Header, payload: Buffer): void {
    this.header = null;
    this.wanted = HEADER_BYTES;
    this.sink.arrived(command, HEADER_BYTES + payload.length);
    if (checksum(payload) === expected) this.sink.message(command, payload);
    else this.fail('wrong-checksum');
  }

  private fail(reason: FramingViolation): void {
    this.broken = true;
    this.sink.violation(reason);
  }

  /** Takes `length` bytes off the front; the caller has made sure that they are there. */
  private take(length: number): Buffer {
    this.buffered -= length;
    const { partial } = this;
    if (partial === null && (this.chunks[0] ?? EMPTY).length >= length) return this.cut(length);
    this.partial = null;
    const whole = partial ?? new PartialMessage(length);
    for (let { missing } = whole; missing > 0; { missing } = whole)
      whole.add(this.cut(Math.min(missing, (this.chunks[0] ?? EMPTY).length)));
    garbage.left(length);
    return whole.take();
  }

  /** Cuts `length` bytes off the first chunk, which is as long at least. */
  private cut(length: number): Buffer {
    const first = this.chunks[0] ?? EMPTY;
    if (first.length > length) this.chunks[0] = first.subarray(length);
    else this.chunks.shift();
    return first.length > length ? first.subarray(0, length) : first;
  }
}

/** One for all connections. */
const garbage = new YoungGarbage();

const EMPTY = Buffer.alloc(0);

const always = (): boolean => true;

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
