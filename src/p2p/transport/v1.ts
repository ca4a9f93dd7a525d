import { encodeFrame, FrameReader, type FrameSink } from '../../wire/framing';
import type { Transport } from './transport';

/** The plain transport: a header of 24 bytes before each message, and nothing else. */
export class PlainTransport extends FrameReader implements Transport {
  readonly name = 'v1';
  readonly isReady = true;

  constructor(
    private readonly networkMagic: number,
    sink: FrameSink,
  ) {
    super(networkMagic, sink);
  }

  open(): void {
    // Nothing precedes the first message.
  }

  encode(command: string, payload: Buffer): Buffer {
    return encodeFrame(this.networkMagic, command, payload);
  }
}
