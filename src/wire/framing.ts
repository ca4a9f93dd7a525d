import { CommandField } from './command-field';
import { checksum } from './hash';
import { IncomingBytes } from './incoming-bytes';

/** Length of a header in bytes: magic 4, command 12, length 4, checksum 4. */
export const HEADER_BYTES = 24;

/** The longest payload that is accepted (Core 31 `src/net.h` MAX_PROTOCOL_MESSAGE_LENGTH). */
export const MAX_PAYLOAD_BYTES = 4_000_000;

const COMMAND_BYTES = 12;

/** The reasons for which a stream of bytes is no longer the protocol. Each ends the connection. */
export type FramingViolation = 'wrong-magic' | 'oversized-message' | 'wrong-checksum';

/**
 * The fields of a header that are needed later. They are no view of its bytes: a view would keep the whole
 * chunk in memory.
 */
interface FrameHeader {
  readonly command: string;
  readonly checksum: number;
}

/**
 * How far a message is prepared: it can be handed on; a part was done, and more is to do; or nothing was
 * done, because something else has to be done first.
 */
export type Preparing = 'done' | 'part' | 'wait';

/**
 * Receives what a {@link FrameReader} finds. A command is a stranger's bytes up to the first NUL, one
 * character for each.
 */
export interface FrameSink {
  /**
   * Called for each whole message before its checksum is checked; `bytes` includes the header. A capture of
   * the network counts such a message as well.
   */
  arrived(command: string, bytes: number): void;
  /** Called for each message whose checksum is right, directly after `arrived`. */
  message(command: string, payload: Buffer): void;
  /**
   * Called before that, again and again until it is done. Between two calls others may have their turn. Left
   * out: nothing has to be prepared.
   */
  prepare?(command: string, payload: Buffer): Preparing;
  /** Called at most once. The reader ignores everything that comes later. */
  violation(reason: FramingViolation): void;
}

/**
 * Cuts a stream of bytes into messages; chunks may end anywhere. bcoin's own parser is not used: it drops a
 * peer that sends a command of 12 characters (BIP157's `getcfheaders`), and it copies every chunk twice. The
 * length that a header claims never makes it allocate memory.
 */
export class FrameReader {
  private readonly bytes = new IncomingBytes();
  private readonly commands = new CommandField();
  /** The number of bytes that the next step needs. */
  private wanted = HEADER_BYTES;
  /** The header of the payload that comes next; null where a header comes next. */
  private header: FrameHeader | null = null;
  /** A message that is being prepared. */
  private prepared: { readonly command: string; readonly payload: Buffer } | null = null;
  private broken = false;

  constructor(
    private readonly magic: number,
    private readonly sink: FrameSink,
  ) {}

  /** The number of bytes that were received and not handed on yet. */
  get held(): number {
    return this.bytes.length + (this.prepared?.payload.length ?? 0);
  }

  /** Takes a chunk, and hands on every message that is complete. */
  push(chunk: Buffer): void {
    this.add(chunk);
    this.run(always);
  }

  /** Takes a chunk. {@link run} hands on the messages that are complete. */
  add(chunk: Buffer): void {
    if (!this.broken) this.bytes.add(chunk);
  }

  /**
   * Hands on complete messages. After each of them, and after each part of preparing one, `mayGoOn` is asked,
   * with the bytes of that message, whether to go on. One that has to wait ends the run.
   * @returns whether a complete message is left
   */
  run(mayGoOn: (bytes: number) => boolean): boolean {
    const { bytes } = this;
    while (!this.broken && (this.prepared !== null || bytes.length >= this.wanted)) {
      let handled: number;
      let preparing: Preparing;
      if (this.prepared !== null) {
        handled = HEADER_BYTES + this.prepared.payload.length;
        preparing = this.handOn(this.prepared.command, this.prepared.payload);
      } else if (this.header === null) {
        this.readHeader(bytes.take(HEADER_BYTES));
        continue;
      } else {
        handled = HEADER_BYTES + this.wanted;
        preparing = this.readPayload(this.header, bytes.take(this.wanted));
      }
      if (preparing === 'wait' || !mayGoOn(handled)) break;
    }
    if (this.broken) this.release();
    else if (bytes.length < this.wanted) bytes.copyChunks(this.wanted);
    return this.prepared !== null || bytes.length >= this.wanted;
  }

  /** Stops reading, even in the middle of a chunk. */
  stop(): void {
    this.broken = true;
    this.release();
  }

  private release(): void {
    this.prepared = null;
    this.bytes.clear();
    this.wanted = Infinity;
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

  private readPayload({ command, checksum: expected }: FrameHeader, payload: Buffer): Preparing {
    this.header = null;
    this.wanted = HEADER_BYTES;
    if (checksum(payload) === expected) return this.handOn(command, payload);
    this.sink.arrived(command, HEADER_BYTES + payload.length);
    this.fail('wrong-checksum');
    return 'done';
  }

  /** Hands on an intact message, or has a part of it prepared. */
  private handOn(command: string, payload: Buffer): Preparing {
    const preparing = this.sink.prepare?.(command, payload) ?? 'done';
    if (preparing !== 'done') {
      this.prepared ??= { command, payload };
      return preparing;
    }
    this.prepared = null;
    this.sink.arrived(command, HEADER_BYTES + payload.length);
    this.sink.message(command, payload);
    return preparing;
  }

  private fail(reason: FramingViolation): void {
    this.broken = true;
    this.sink.violation(reason);
  }
}

const always = (): boolean => true;

/** A complete message, ready to be sent. `command` is ASCII of at most 12 characters. */
export function encodeFrame(magic: number, command: string, payload: Buffer): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(magic, 0);
  frame.write(command, 4, COMMAND_BYTES, 'latin1');
  frame.writeUInt32LE(payload.length, 16);
  frame.writeUInt32LE(checksum(payload), 20);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}
