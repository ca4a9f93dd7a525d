import { NONE } from '../lib/record-table';

const CHUNK_BYTES = 64;

/** A segment is a mebibyte. */
const SEGMENT_CHUNKS = 16_384;
const SEGMENT_SHIFT = 14;
const SEGMENT_MASK = SEGMENT_CHUNKS - 1;

/** Memory that `size` bytes take: chunks, of which the last is half full on average, and the link of each. */
export function heldBytes(size: number): number {
  return Math.ceil(size / CHUNK_BYTES) * (CHUNK_BYTES + 4);
}

/** Chunks that lie together, and which of them follows which. */
interface Segment {
  readonly bytes: Buffer;
  readonly links: Int32Array;
}

/**
 * Keeps serialized transactions in segments of memory that the garbage collector does not look into and that are never moved:
 * each lies in a chain of chunks, known by its first one, so that whatever leaves makes room for whatever comes. A Buffer for
 * each would cost 100 bytes more, and a view of what a socket read would keep all that was read with it.
 */
export class RawStore {
  private readonly segments: Segment[] = [];
  /** Chunks that were ever used. */
  private used = 0;
  private firstFree = NONE;

  /** Takes a copy of the bytes from `start` to `end`, of which there is at least one; returns the first chunk. */
  add(bytes: Buffer, start: number, end: number): number {
    const first = this.allocate(Math.ceil((end - start) / CHUNK_BYTES));
    let at = start;
    this.eachRun(first, end - start, (segment, from, length) => {
      bytes.copy(segment, from, at, at + length);
      at += length;
    });
    return first;
  }

  /** Copies what `add` was given, `size` bytes, into `target` from `at`. */
  copy(first: number, size: number, target: Buffer, at: number): void {
    let to = at;
    this.eachRun(first, size, (segment, from, length) => {
      segment.copy(target, to, from, from + length);
      to += length;
    });
  }

  /** Forgets what `add` was given. */
  remove(first: number): void {
    let last = first;
    for (let next = this.link(last); next !== NONE; next = this.link(last)) last = next;
    // The chain stays as it is, and what lay together will do so again.
    this.setLink(last, this.firstFree);
    this.firstFree = first;
  }

  /** Calls `visit` for each stretch of a chain that lies together. */
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
