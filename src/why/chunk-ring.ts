/** Bytes of a chunk. Memory is taken and released in chunks. */
const CHUNK_BYTES = 65_536;

/** A piece of memory that is filled from its start. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  /** Bytes in use. */
  used: number;
  /** Time of what was written last. */
  lastMs: number;
}

/** Memory for facts in the order in which they happened. When it is used up, the oldest chunk is dropped. */
export class ChunkRing {
  private list: Chunk[] = [];
  private droppedMs: number | null = null;

  /** @param maxBytes the most memory; a chunk of 64 KB is the least */
  constructor(private readonly maxBytes: number) {}

  get chunks(): readonly Chunk[] {
    return this.list;
  }

  get bytes(): number {
    return this.list.length * CHUNK_BYTES;
  }

  /** The time up to which facts were dropped because the memory was used up; null where none were. */
  get dropped(): number | null {
    return this.droppedMs;
  }

  /** The chunk that takes the next `bytes` bytes. */
  roomFor(bytes: number, nowMs: number): Chunk {
    let last = this.list.at(-1);
    if (last === undefined || last.used + bytes > CHUNK_BYTES) {
      if (this.bytes + CHUNK_BYTES > this.maxBytes) {
        const oldest = this.list.shift();
        if (oldest !== undefined) this.droppedMs = oldest.lastMs;
      }
      const memory = new ArrayBuffer(CHUNK_BYTES);
      last = { bytes: Buffer.from(memory), words: new Uint32Array(memory), used: 0, lastMs: nowMs };
      this.list.push(last);
    }
    last.lastMs = nowMs;
    return last;
  }

  /** Gives back the chunks whose last fact is older. */
  expire(untilMs: number): void {
    const isOld = ({ lastMs }: Chunk): boolean => lastMs < untilMs;
    const [oldest] = this.list;
    if (oldest !== undefined && isOld(oldest)) this.list = this.list.filter((chunk) => !isOld(chunk));
  }
}
