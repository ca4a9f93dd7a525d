import { type FramingViolation, FrameReader, HEADER_BYTES } from '../wire/framing';
import { MessageSearch } from './message-search';

/** Receives what a {@link MessageStream} finds. */
export interface MessageSink {
  /** A message whose checksum is right; `bytes` includes the header. */
  message(command: string, payload: Buffer, bytes: number): void;
  /** Bytes that belong to no whole message. */
  noMessage(bytes: number): void;
  /** At least one message is missing before the next one that is passed on. */
  broken(): void;
  /**
   * The bytes where a message must begin are no message of this network. The search for the next one begins.
   */
  violation(reason: FramingViolation): void;
}

/**
 * Cuts one direction of a tapped connection into messages. After missing bytes, or bytes that are no message,
 * it searches for the next message. Each byte either belongs to a message that is passed on or is counted as
 * skipped.
 */
export class MessageStream {
  private reader: FrameReader | null;
  private search: MessageSearch | null = null;
  /** Bytes that were taken and are accounted for by nothing yet. */
  private pending = 0;
  private isBroken = false;
  private found = 0;

  constructor(
    private readonly magic: number,
    private readonly sink: MessageSink,
  ) {
    this.reader = this.newReader();
  }

  /** Bytes of an incomplete message that are held. */
  get held(): number {
    return this.reader?.held ?? this.search?.held ?? 0;
  }

  /** Number of messages that were handed on. */
  get messages(): number {
    return this.found;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.length > 0) bytes = this.search === null ? this.read(bytes) : this.find(this.search, bytes);
  }

  /** Bytes of the stream are missing here. */
  gap(): void {
    if (this.search === null) this.sink.broken();
    this.findNext();
  }

  /** The stream begins in its middle. */
  join(): void {
    this.findNext();
  }

  /** The stream ends, or is not read any further. */
  end(): void {
    this.dropPending();
    this.search = null;
  }

  /** Reads consecutive messages. Returns no bytes, because none are left. */
  private read(bytes: Buffer): Buffer {
    this.pending += bytes.length;
    this.reader ??= this.newReader();
    this.reader.push(bytes);
    if (this.isBroken) this.findNext();
    return NOTHING;
  }

  private findNext(): void {
    this.dropPending();
    this.search ??= new MessageSearch(this.magic);
  }

  private newReader(): FrameReader {
    this.isBroken = false;
    return new FrameReader(this.magic, {
      arrived: () => undefined,
      message: (command, payload) => {
        const bytes = HEADER_BYTES + payload.length;
        this.pending -= bytes;
        this.found++;
        this.sink.message(command, payload, bytes);
      },
      violation: (reason) => {
        this.isBroken = true;
        this.sink.violation(reason);
      },
    });
  }

  /** Searches for a message. Returns the bytes after it. */
  private find(search: MessageSearch, bytes: Buffer): Buffer {
    const found = search.push(bytes);
    if (found === null) {
      this.noMessage(search.takePassedOver());
      return NOTHING;
    }
    this.search = null;
    this.noMessage(found.passedOver);
    this.found++;
    this.sink.message(found.command, found.payload, HEADER_BYTES + found.payload.length);
    return found.rest;
  }

  private dropPending(): void {
    this.reader?.stop();
    this.reader = null;
    const held = this.search?.stop() ?? 0;
    this.search = this.search === null ? null : new MessageSearch(this.magic);
    const bytes = this.pending + held;
    this.pending = 0;
    this.noMessage(bytes);
  }

  private noMessage(bytes: number): void {
    if (bytes > 0) this.sink.noMessage(bytes);
  }
}

const NOTHING = Buffer.alloc(0);
