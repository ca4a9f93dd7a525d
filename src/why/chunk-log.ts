import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Chunk, ChunkRing } from './chunk-ring';
import type { KeptFolder } from './kept/kept-folder';
import type { ChunkSummary, KeptPart } from './kept/kept-part';
import type { ReadableChunk, Wanted } from './kept/readable-chunk';

/** This many chunks, a megabyte, are read in a row. Then other work has its turn. */
const READ_AT_ONCE = 16;

/** Where a log keeps what memory no longer holds. */
export interface KeptWhere {
  readonly folder: KeptFolder;
  readonly name: string;
  /** The most bytes on disk. */
  readonly maxBytes: number;
  /** The name of a connection or block that has a number; undefined where it is not known. */
  readonly nameOf: (number: number) => string | undefined;
  /** Takes the name of a number that a search found in a chunk from disk. */
  readonly named: (number: number, name: string) => void;
}

/** What can be found in a chunk: the first four bytes of ids as numbers, and numbers that have a name. */
export interface Contents {
  readonly ids: number[];
  readonly numbers: Set<number>;
}

/** Facts in order, in memory and, where that is wanted, on disk as well. */
export class ChunkLog {
  private readonly ring: ChunkRing;
  private readonly kept: KeptPart | null;

  /**
   * @param maxBytes the most memory
   * @param where where chunks are kept on disk; null for memory alone
   */
  constructor(
    maxBytes: number,
    private readonly where: KeptWhere | null,
    private readonly contentsOf: (chunk: Chunk) => Contents,
  ) {
    this.kept =
      where?.folder.part(where.name, where.maxBytes, (chunk) => this.summaryOf(chunk, where)) ?? null;
    this.ring = new ChunkRing(maxBytes, this.kept);
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.ring.bytes;
  }

  /** Bytes on disk. */
  get keptBytes(): number {
    return this.kept?.bytes ?? 0;
  }

  /** The time up to which facts were dropped because there was no more room; null where none were. */
  get dropped(): number | null {
    const times = [this.ring.dropped, this.kept?.dropped ?? null].flatMap((ms) => ms ?? []);
    return times.length === 0 ? null : Math.max(...times);
  }

  /** The time of the oldest fact on disk; null where there is none. */
  get oldestKeptMs(): number | null {
    return this.kept?.oldestMs ?? null;
  }

  /** The chunk that takes the next `bytes` bytes. */
  roomFor(bytes: number, nowMs: number): Chunk {
    return this.ring.roomFor(bytes, nowMs);
  }

  /** Forgets the chunks whose last fact is older. */
  expire(untilMs: number): void {
    this.ring.expire(untilMs);
    this.kept?.expire(untilMs);
  }

  /** Writes what is in memory alone to disk. */
  async close(): Promise<void> {
    await this.kept?.close(this.ring.chunks.at(-1));
  }

  /** The wanted chunks on disk, then all in memory, the oldest first. Other work has turns between them. */
  async *find(wanted: Wanted): AsyncGenerator<ReadableChunk, void> {
    // A copy of the list: chunks can be added and dropped while they are read.
    const inMemory = this.ring.chunks.map(({ bytes, words, used, sequence }) => ({
      ...{ bytes, words, used, sequence },
    }));
    let read = 0;
    for await (const chunk of this.kept?.find(wanted, inMemory[0]?.sequence ?? Infinity) ?? []) {
      yield chunk;
      if (++read % READ_AT_ONCE === 0) await nextTurn();
    }
    for (const chunk of inMemory) {
      yield { ...chunk, shiftMs: 0, firstNumber: 0, names: {} };
      if (++read % READ_AT_ONCE === 0) await nextTurn();
    }
  }

  /** Gives `named` the name that a chunk has for a number: it may be forgotten, or of a former run. */
  nameIn({ firstNumber, names }: ReadableChunk, number: number): void {
    const name = names[number];
    if (name !== undefined) this.where?.named(firstNumber + number, name);
  }

  private summaryOf(chunk: Chunk, { nameOf }: KeptWhere): ChunkSummary {
    const { ids, numbers } = this.contentsOf(chunk);
    const names: Record<string, string> = {};
    for (const number of numbers) {
      const name = nameOf(number);
      if (name !== undefined) names[number] = name;
    }
    return { ids: Uint32Array.from(ids), names };
  }
}
