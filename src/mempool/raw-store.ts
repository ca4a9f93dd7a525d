import { NONE } from '../lib/record-table';

const CHUNK_BYTES = 64;

/** A segment is one mebibyte. */
const SEGMENT_CHUNKS = 16_384;
const SEGMENT_SHIFT = 14;
const SEGMENT_MASK = SEGMENT_CHUNKS - 1;

/** Memory that `size` bytes take: whole chunks, and a link for each. */
export function heldBytes(size: number): number {
  return Math.ceil(size / CHUNK_BYTES) * (CHUNK_BYTES + 4);
}

/** Consecutive chunks, and the links between them. */
interface Segment {
  readonly bytes: Buffer;
  readonly links: Int32Array;
}

/**
 * Keeps serialized transactions in segments of memory that are never moved and that the garbage collector
 * does not scan. Each transaction is a chain of chunks, identified by the first one, so freed chunks fit any
 * other transaction. A Buffer for each would cost 100 bytes more, and a view of a chunk that a socket read
 * would keep all of that chunk.
 */
export class RawStore {
  private readonly segments: Segment[] = [];
  /** Number of chunks that were ever used. */
  private used = 0;
  private firstFree = NONE;

  /** Copies the bytes from `start` to `end`, at least one; returns the first chunk. */
  add(bytes: Buffer, start: number, end: number): number {
    const first = this.allocate(Math.ceil((end - start) / CHUNK_BYTES));
    let at = start;
    this.eachRun(first, end - start, (segment, from, length) => {
      bytes.copy(segment, from, at, at + length);
      at += length;
    });
    return first;
  }

  /** Copies `size` bytes that `add` stored into `target` from `at`. */
  copy(first: number, size: number, target: Buffer, at: number): void {
    let to = at;
    this.eachRun(first, size, (segment, from, length) => {
      segment.copy(target, to, from, from + length);
      to += length;
    });
  }

  /** Frees what `add` stored. */
  remove(first: number): void {
    let last = first;
    for (let next = this.link(last); next !== NONE; next = this.link(last)) last = next;
    // The chain stays linked, so chunks that lie together will be used together again.
    this.setLink(last, this.firstFree);
    this.firstFree = first;
  }

  /** Calls `visit` for each run of consecutive chunks in a chain. */
  private eachRun(
    first: number,
    size: number,
    visit: (segment: Buffer, from: number, length: number) => void,
  ): void {
    let left = size;
    for (let start = first; left > 0;) {
      let end = start + 1;
      let next = this.link(start);
      for (; next === end && (end & SEGMENT_MASK) !== 0; end++) next = this.link(end);
      const length = Math.min(left, (end - start) * CHUNK_BYTES);
      visit(this.segment(start).bytes, (start & SEGMENT_MASK) * CHUNK_BYTES, length);
      left -= length;
      start = next;
    }
  }

  /** Makes a chain of `count` chunks. */
  private allocate(count: number): number {
    const first = this.take();
    let last = first;
    for (let i = 1; i < count; i++) {
      const next = this.take();
      this.setLink(last, next);
      last = next;
    }
    this.setLink(last, NONE);
    return first;
  }

  private take(): number {
    const free = this.firstFree;
    if (free !== NONE) {
      this.firstFree = this.link(free);
      return free;
    }
    if ((this.used & SEGMENT_MASK) === 0)
      this.segments.push({
        bytes: Buffer.allocUnsafeSlow(SEGMENT_CHUNKS * CHUNK_BYTES),
        links: new Int32Array(SEGMENT_CHUNKS),
      });
    return this.used++;
  }

  private link(chunk: number): number {
    return this.segment(chunk).links[chunk & SEGMENT_MASK] ?? NONE;
  }

  private setLink(chunk: number, next: number): void {
    this.segment(chunk).links[chunk & SEGMENT_MASK] = next;
  }

  private segment(chunk: number): Segment {
    const segment = this.segments[chunk >>> SEGMENT_SHIFT];
    if (segment === undefined) throw new RangeError(`no chunk ${chunk}`);
    return segment;
  }
}
