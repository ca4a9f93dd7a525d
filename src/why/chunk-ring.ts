/** Bytes of a chunk. Memory is taken and released in chunks. */
export const CHUNK_BYTES = 65_536;

/** A piece of memory that is filled from its start. Times are on the monotonic clock. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  /** Counts the chunks of a run. */
  readonly sequence: number;
  /** Time of what was written first. */
  readonly firstMs: number;
  /** Bytes in use. */
  used: number;
  /** Time of what was written last. */
  lastMs: number;
  /** Whether it is on disk. */
  isKept: boolean;
  /** Whether the ring has dropped it. */
  isDropped: boolean;
}

/** What keeps chunks on disk. */
export interface ChunkKeeper {
  /** Takes a chunk that is full. */
  add(chunk: Chunk): void;
  /** Whether a chunk waits to be written. */
  isWaiting(chunk: Chunk): boolean;
}

/** Memory for facts in the order in which they happened. When it is used up, the oldest chunk is dropped. */
export class ChunkRing {
  private list: Chunk[] = [];
  private droppedMs: number | null = null;
  private sequence = 0;

  /**
   * @param maxBytes the most memory; a chunk of 64 KB is the least
   * @param keeper is given each chunk once it is full; null where none is kept
   */
  constructor(
    private readonly maxBytes: number,
    private readonly keeper: ChunkKeeper | null = null,
  ) {}

  get chunks(): readonly Chunk[] {
    return this.list;
  }

  get bytes(): number {
    return this.list.length * CHUNK_BYTES;
  }

  /** The time up to which facts were dropped from memory that no keeper has; null where none were. */
  get dropped(): number | null {
    return this.droppedMs;
  }

  /** The chunk that takes the next `bytes` bytes. */
  roomFor(bytes: number, nowMs: number): Chunk {
    let last = this.list.at(-1);
    if (last === undefined || last.used + bytes > CHUNK_BYTES) {
      if (last !== undefined) this.keeper?.add(last);
      if (this.bytes + CHUNK_BYTES > this.maxBytes) this.dropOldest();
      last = newChunk(this.sequence++, nowMs);
      this.list.push(last);
    }
    last.lastMs = nowMs;
    return last;
  }

  /** Gives back the chunks whose last fact is older. */
  expire(untilMs: number): void {
    const isOld = ({ lastMs }: Chunk): boolean => lastMs < untilMs;
    const [oldest] = this.list;
    if (oldest === undefined || !isOld(oldest)) return;
    for (const chunk of this.list) chunk.isDropped = isOld(chunk);
    this.list = this.list.filter(({ isDropped }) => !isDropped);
  }

  private dropOldest(): void {
    const oldest = this.list.shift();
    if (oldest === undefined) return;
    oldest.isDropped = true;
    if (!oldest.isKept && this.keeper?.isWaiting(oldest) !== true) this.droppedMs = oldest.lastMs;
  }
}

function newChunk(sequence: number, nowMs: number): Chunk {
  const memory = new ArrayBuffer(CHUNK_BYTES);
  return {
    ...{ bytes: Buffer.from(memory), words: new Uint32Array(memory), sequence },
    ...{ firstMs: nowMs, used: 0, lastMs: nowMs, isKept: false, isDropped: false },
  };
}
