/** Bytes of a stream that came before the bytes that precede them. */
interface Piece {
  /** Offset in the stream of the first byte. */
  readonly start: number;
  readonly bytes: Buffer;
}

/** What a piece costs beside its bytes: the objects that hold it. */
const PIECE_OVERHEAD = 512;

/**
 * The bytes of a stream that came out of order. They are kept in order and without overlaps, and wait for the
 * missing bytes before them. If a byte comes twice, the first one stays. They are copies, so that the chunks
 * of the capture can be freed.
 */
export class WaitingBytes {
  /** In order. Those before `head` were taken. */
  private pieces: Piece[] = [];
  private head = 0;
  private total = 0;

  /** The memory that they take, in bytes. */
  get cost(): number {
    return this.total;
  }

  /** Offset of the first byte; null if none waits. */
  get first(): number | null {
    return this.pieces[this.head]?.start ?? null;
  }

  /**
   * Adds the bytes that are not here yet. The work grows with the bytes, and with the number of pieces after
   * them, which the limit of `cost` bounds.
   * @returns the number of bytes that were here already
   */
  add(start: number, bytes: Buffer): number {
    const end = start + bytes.length;
    const from = this.indexOf(start);
    const run: Piece[] = [];
    let added = 0;
    let at = start;
    const fill = (to: number): void => {
      if (at >= to) return;
      run.push({ start: at, bytes: copyOf(bytes.subarray(at - start, to - start)) });
      added += to - at;
      this.total += to - at + PIECE_OVERHEAD;
    };
    let to = from;
    for (let piece = this.pieces[to]; piece !== undefined && piece.start < end; piece = this.pieces[++to]) {
      fill(piece.start);
      run.push(piece);
      at = Math.max(at, piece.start + piece.bytes.length);
    }
    fill(end);
    if (added > 0) this.pieces.splice(from, to - from, ...run);
    return bytes.length - added;
  }

  /** Removes the pieces that begin at `position` or before it, and those that follow them without a gap. */
  takeUpTo(position: number): Piece[] {
    const { head } = this;
    let reached = position;
    for (let piece = this.pieces[head]; piece !== undefined && piece.start <= reached;) {
      reached = Math.max(reached, piece.start + piece.bytes.length);
      this.total -= piece.bytes.length + PIECE_OVERHEAD;
      piece = this.pieces[++this.head];
    }
    const taken = this.pieces.slice(head, this.head);
    // To remove the first of many moves all others. It is done for many at once.
    this.pieces.fill(TAKEN, head, this.head);
    if (2 * this.head >= this.pieces.length) {
      this.pieces.splice(0, this.head);
      this.head = 0;
    }
    return taken;
  }

  drop(): void {
    this.pieces = [];
    this.head = this.total = 0;
  }

  /** The index of the first piece that ends behind `offset`. */
  private indexOf(offset: number): number {
    let low = this.head;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.pieces[middle];
      if (piece !== undefined && piece.start + piece.bytes.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Stands for pieces that were taken, so that their bytes can be freed. */
const TAKEN: Piece = { start: 0, bytes: Buffer.alloc(0) };

/** A copy in memory of its own: one in Node's pool would keep 8 kB for a byte. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
