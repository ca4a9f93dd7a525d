import type { IdRange, KeptNames } from './kept-entry';

/** A chunk to read, from memory or disk. It is valid until the next one is asked for. */
export interface ReadableChunk {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly used: number;
  /** Added to its times: those of former runs are on another clock. */
  readonly shiftMs: number;
  /** Added to its numbers of connections or blocks: those of former runs are others. */
  readonly firstNumber: number;
  /** Names by its own numbers. */
  readonly names: KeptNames;
}

/** Which chunks are wanted. */
export interface Wanted {
  /** Those with an id of these ranges; without it all. */
  readonly ids?: readonly IdRange[];
  /** Those with a fact from this time on, and not after that one; on the monotonic clock of this run. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}
