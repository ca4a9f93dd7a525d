import { type ENCRYPTED_TRANSPORT, FirstBytes, type ForeignProtocol } from '../p2p/first-bytes';
import type { Holder } from './held-bytes';
import { type MessageSink, MessageStream } from './message-stream';

/** What a stream is that has no messages of this network: encrypted (BIP324), or another protocol. */
export type OpaqueProtocol = ForeignProtocol | typeof ENCRYPTED_TRANSPORT;

/** Receives what a {@link TapStream} finds. */
export interface TapStreamSink extends MessageSink {
  /** The stream begins with no magic of this network. Its bytes are opaque from the first one on. */
  opaque(protocol: OpaqueProtocol): void;
}

/** One direction of a tapped connection: what it speaks, and its messages. */
export class TapStream implements Holder {
  /** The first bytes; null once they are read. */
  private first: FirstBytes | null;
  private readonly stream: MessageStream;
  private firstBytes = 0;

  constructor(
    magic: number,
    private readonly sink: TapStreamSink,
  ) {
    this.first = new FirstBytes(magic, false);
    this.stream = new MessageStream(magic, sink);
  }

  get held(): number {
    return this.stream.held;
  }

  get messages(): number {
    return this.stream.messages;
  }

  /** Gives up an incomplete message, and searches for the next one. */
  drop(): void {
    this.stream.gap();
  }

  push(chunk: Buffer): void {
    const { first } = this;
    if (first === null) {
      this.stream.push(chunk);
      return;
    }
    this.firstBytes += chunk.length;
    const verdict = first.push(chunk);
    if (verdict === undefined) return;
    this.first = null;
    if (verdict === 'version' || verdict === 'other-message') this.stream.push(first.take());
    else this.sink.opaque(verdict);
  }

  /** Bytes are missing here. */
  gap(): void {
    this.openFirst();
    this.stream.gap();
  }

  /** The stream begins in its middle. */
  join(): void {
    this.openFirst();
    this.stream.join();
  }

  /** The stream ends. */
  end(): void {
    this.openFirst();
    this.stream.end();
  }

  private openFirst(): void {
    const { first } = this;
    this.first = null;
    if (first !== null && this.firstBytes > 0) this.stream.push(first.take());
  }
}
