import { ENCRYPTED_TRANSPORT, FirstBytes } from '../p2p/first-bytes';
import { type MessageSink, MessageStream } from './message-stream';

/** Receives what a {@link TapStream} finds. */
export interface TapStreamSink extends MessageSink {
  /** The stream begins with no magic of this network. Its bytes are opaque from the first one on. */
  opaque(isEncrypted: boolean): void;
}

/** One direction of a tapped connection: what it speaks, and its messages. */
export class TapStream {
  /** The first bytes; null once they are read. */
  private first: FirstBytes | null;
  private readonly messages: MessageStream;
  private held = 0;

  constructor(
    magic: number,
    private readonly sink: TapStreamSink,
  ) {
    this.first = new FirstBytes(magic, false);
    this.messages = new MessageStream(magic, sink);
  }

  push(chunk: Buffer): void {
    const { first } = this;
    if (first === null) {
      this.messages.push(chunk);
      return;
    }
    this.held += chunk.length;
    const verdict = first.push(chunk);
    if (verdict === undefined) return;
    this.first = null;
    if (verdict === 'version' || verdict === 'other-message') this.messages.push(first.take());
    else this.sink.opaque(verdict === ENCRYPTED_TRANSPORT);
  }

  /** Bytes are missing here. */
  gap(): void {
    this.openFirst();
    this.messages.gap();
  }

  /** The stream ends. */
  end(): void {
    this.openFirst();
    this.messages.end();
  }

  private openFirst(): void {
    const { first } = this;
    this.first = null;
    if (first !== null && this.held > 0) this.messages.push(first.take());
  }
}
