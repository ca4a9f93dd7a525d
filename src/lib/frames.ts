import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

/** Bytes of a frame's head: the length of its body, big-endian. */
const HEAD_BYTES = 4;

/**
 * Messages between this program's own processes over a pipe. A frame is four bytes of length and the message
 * as V8 serializes it. Both processes run the same Node.js, so each reads what the other writes.
 */
export class Frames<Sent, Received> {
  private chunks: Buffer[] = [];
  private length = 0;
  /** Bytes of the frame whose head was read; null before the head. */
  private wanted: number | null = null;

  /** Calls `onMessage` with each message and the bytes that it took. */
  constructor(
    private readonly pipe: Duplex,
    private readonly onMessage: (message: Received, bytes: number) => void,
  ) {
    pipe.on('data', (chunk: Buffer) => this.received(chunk));
  }

  /** Sends a message; returns its bytes on the pipe. A message to a process that has ended is lost. */
  send(message: Sent): number {
    const body = serialize(message);
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    head.writeUInt32BE(body.length);
    if (this.pipe.writable) {
      this.pipe.cork();
      this.pipe.write(head);
      this.pipe.write(body);
      this.pipe.uncork();
    }
    return HEAD_BYTES + body.length;
  }

  private received(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    for (;;) {
      if (this.wanted === null) {
        if (this.length < HEAD_BYTES) return;
        this.wanted = this.take(HEAD_BYTES).readUInt32BE();
      }
      if (this.length < this.wanted) return;
      const body = this.take(this.wanted);
      this.wanted = null;
      this.onMessage(deserialize(body) as Received, HEAD_BYTES + body.length);
    }
  }

  /** Takes bytes that have arrived, without a copy where they came in one piece. */
  private take(bytes: number): Buffer {
    this.length -= bytes;
    const [first] = this.chunks;
    if (first !== undefined && first.length >= bytes) {
      if (first.length === bytes) this.chunks.shift();
      else this.chunks[0] = first.subarray(bytes);
      return first.subarray(0, bytes);
    }
    const all = Buffer.concat(this.chunks);
    this.chunks = all.length === bytes ? [] : [all.subarray(bytes)];
    return all.subarray(0, bytes);
  }
}
