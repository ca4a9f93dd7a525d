import {
  type ClosedCopy,
  COPY_HEAD_BYTES,
  COPY_KINDS,
  type CopySink,
  type Direction,
  type MissedCopy,
  type OpenedCopy,
} from './copy-format';

/**
 * Reads a copy from the pipe. Bytes that passed are handed on as they come, in views of what was read: no
 * chunk is put together first.
 */
export class CopyDecoder {
  private readonly head = Buffer.alloc(COPY_HEAD_BYTES);
  private headBytes = 0;
  /** Bytes of the present part's body that have not come yet. */
  private missing = 0;
  /** The pieces of a body of JSON. */
  private pieces: Buffer[] = [];

  constructor(private readonly sink: CopySink) {}

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.headBytes < COPY_HEAD_BYTES) {
        const taken = chunk.copy(this.head, this.headBytes, at, at + COPY_HEAD_BYTES - this.headBytes);
        this.headBytes += taken;
        at += taken;
        if (this.headBytes < COPY_HEAD_BYTES) return;
        this.missing = this.head.readUInt32BE(8);
      }
      const piece = chunk.subarray(at, at + this.missing);
      at += piece.length;
      this.missing -= piece.length;
      this.take(piece);
      if (this.missing === 0) this.headBytes = 0;
    }
  }

  private take(piece: Buffer): void {
    const { head, sink } = this;
    if (head[0] === COPY_KINDS.data) {
      sink.data(head.readUInt32BE(4), this.direction(), piece, head.readDoubleBE(12));
      return;
    }
    this.pieces.push(piece);
    if (this.missing > 0) return;
    const body: unknown = JSON.parse(Buffer.concat(this.pieces).toString('utf8'));
    this.pieces = [];
    this.tell(body);
  }

  private tell(body: unknown): void {
    const { head, sink } = this;
    const id = head.readUInt32BE(4);
    const atMs = head.readDoubleBE(12);
    switch (head[0]) {
      case COPY_KINDS.opened:
        sink.opened(id, body as OpenedCopy, atMs);
        break;
      case COPY_KINDS.gap:
        sink.gap(id, this.direction(), body as number, atMs);
        break;
      case COPY_KINDS.closed:
        sink.closed(id, body as ClosedCopy, atMs);
        break;
      case COPY_KINDS.missed:
        sink.missed(body as MissedCopy);
        break;
      case undefined: // A head is never empty.
        break;
    }
  }

  private direction(): Direction {
    return this.head[1] === 0 ? 'in' : 'out';
  }
}
