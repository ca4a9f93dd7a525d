import type { FileHandle } from 'node:fs/promises';
import { crc32 } from '../../lib/crc32';
import { SettledTime } from '../../lib/settled-time';
import { type Chunk, CHUNK_BYTES, type ChunkKeeper } from '../chunk-ring';
import type { KeptChunk, KeptEntry, KeptNames } from './kept-entry';
import { KeptSegment } from './kept-segment';
import type { ReadableChunk, Wanted } from './readable-chunk';

/** A part consists of so many segments when it is full, and drops one of them at a time. */
const SEGMENTS = 8;
const MOST_SEGMENT_BYTES = 4_000_000;

/** Segments of one part: each start begins one, and a question opens each. */
const MOST_SEGMENTS = 256;

/** Chunks that wait to be written: one message can fill seven. Beyond these the oldest is not written. */
const MOST_WAITING = 16;

/** The most bytes of an entry's head, and of a name in it: an onion address has 68. */
const HEAD_BYTES = 64;
const MOST_NAME_BYTES = 100;

/** Between the numbers of the connections of two runs. */
const RUN_NUMBERS = 2 ** 32;

/** What the index says of a chunk. */
export interface ChunkSummary {
  /** The first four bytes, as a number, of each id by which it can be found. */
  readonly ids: Uint32Array;
  /** Names of its connections or blocks, which only this run knows by their numbers. */
  readonly names: KeptNames;
}

/** What a part is made of. */
export interface KeptPartModules {
  readonly folder: string;
  readonly name: string;
  readonly maxBytes: number;
  /** Numbers of the segments that earlier runs left, the oldest first. */
  readonly numbers: readonly number[];
  readonly monotonicMs: () => number;
  /** Unix time in milliseconds. */
  readonly nowMs: () => number;
  /** When this run began, Unix milliseconds: what tells it from other runs. */
  readonly runMs: number;
  /** Numbers the runs by when they began. This one is 0. */
  readonly runOf: (runMs: number) => number;
  /** Is told that a chunk was written, or why it could not be. */
  readonly wrote: () => void;
  readonly failed: (error: unknown) => void;
  /** Is told that something on disk is damaged. */
  readonly damaged: () => void;
}

/**
 * The chunks of one log on disk, in segments. It is bounded by bytes and age. It goes on where an earlier run
 * ended. Where the disk can't be written, it tries again at the next chunk, with all that memory still has.
 */
export class KeptPart implements ChunkKeeper {
  private segments: KeptSegment[] = [];
  /** The segment that takes the next chunk; the last one of the list. */
  private current: KeptSegment | null = null;
  private readonly waiting = new Set<Chunk>();
  /** Chunks that could not be written, the oldest first. Memory has them for a while. */
  private unwritten: readonly Chunk[] = [];
  private storing: Chunk | null = null;
  /** The time by which segments of earlier runs become too old. */
  private time: SettledTime;
  private turn: Promise<void>;
  private droppedMs: number | null = null;
  private nextNumber: number;

  constructor(
    private readonly of: KeptPartModules,
    private readonly summaryOf: (chunk: Chunk) => ChunkSummary,
  ) {
    this.nextNumber = (of.numbers.at(-1) ?? 0) + 1;
    this.time = new SettledTime({ wallMs: of.nowMs, monotonicMs: of.monotonicMs });
    this.turn = this.load();
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The time, on the monotonic clock, up to which facts were dropped; null where none were. */
  get dropped(): number | null {
    return this.droppedMs;
  }

  /** The time of the oldest fact, on the monotonic clock; null where there is none, or while it is loaded. */
  get oldestMs(): number | null {
    const [oldest] = this.segments;
    return oldest === undefined ? null : this.timesOf(oldest).firstMs;
  }

  isWaiting(chunk: Chunk): boolean {
    return chunk === this.storing || this.waiting.has(chunk);
  }

  add(chunk: Chunk): void {
    this.waiting.add(chunk);
    const [oldest] = this.waiting;
    if (this.waiting.size > MOST_WAITING && oldest !== undefined) this.lose(oldest);
    this.turn = this.turn.then(() => this.write(chunk));
  }

  /**
   * Removes the segments whose last fact is older. Those of this run are judged by the monotonic clock. Those
   * of earlier runs have Unix times: a clock that was set forward is believed after a day.
   */
  expire(untilMs: number): void {
    this.turn = this.turn.then(async () => {
      const until = untilMs + this.time.nowMs() - this.of.monotonicMs();
      const isOld = ({ own, lastMs }: KeptSegment): boolean =>
        own === null ? lastMs < until : own.lastMs < untilMs;
      for (const segment of this.segments.filter(isOld)) await this.remove(segment);
    });
  }

  /** Writes what waits, and this chunk, which is not full. */
  async close(last: Chunk | undefined): Promise<void> {
    if (last !== undefined && last.used > 0) this.add(last);
    await this.turn;
    await this.leave();
  }

  /**
   * The wanted chunks on disk, the oldest first, without those of this run from `sequence` on.
   * @param sequence the first one of this run that is read from memory
   */
  async *find(
    { ids, sinceMs = -Infinity, untilMs = Infinity }: Wanted,
    sequence: number,
  ): AsyncGenerator<ReadableChunk, void> {
    await this.turn;
    const memory = new ArrayBuffer(CHUNK_BYTES);
    const into = { bytes: Buffer.from(memory), words: new Uint32Array(memory) };
    const isWanted = (entry: KeptEntry, chunk: KeptChunk): boolean => {
      const { firstMs, lastMs, sequence: its, runMs } = chunk;
      if (runMs === this.of.runMs && its >= sequence) return false;
      const { shiftMs } = this.placeOf(chunk);
      if (lastMs + shiftMs < sinceMs || firstMs + shiftMs > untilMs) return false;
      return ids === undefined || ids.some((range) => entry.has(range));
    };
    for (const segment of this.segments.slice()) yield* this.read(segment, isWanted, into);
  }

  private async *read(
    segment: KeptSegment,
    isWanted: (entry: KeptEntry, chunk: KeptChunk) => boolean,
    into: { readonly bytes: Buffer; readonly words: Uint32Array },
  ): AsyncGenerator<ReadableChunk, void> {
    let file: FileHandle | null = null;
    try {
      for (const entry of await segment.entries()) {
        const { chunk } = entry;
        if (!isWanted(entry, chunk)) continue;
        file ??= await segment.openChunks();
        const { bytesRead } = await file.read(into.bytes, 0, chunk.used, chunk.offset);
        if (bytesRead === chunk.used && crc32(into.bytes.subarray(0, chunk.used)) === chunk.sum)
          yield { ...into, used: chunk.used, ...this.placeOf(chunk), names: entry.names() };
        else this.of.damaged();
      }
    } catch (error) {
      // Without the file it became too old meanwhile, or somebody removed it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.of.damaged();
      else await (this.turn = this.turn.then(() => this.forgetMissing()));
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  /** How the times and numbers of a chunk become those of this run. */
  private placeOf({ runMs, aheadMs }: KeptChunk): Pick<ReadableChunk, 'shiftMs' | 'firstNumber'> {
    const run = this.of.runOf(runMs);
    return { shiftMs: run === 0 ? 0 : aheadMs - this.aheadMs, firstNumber: run * RUN_NUMBERS };
  }

  private get aheadMs(): number {
    return this.of.nowMs() - this.of.monotonicMs();
  }

  private async load(): Promise<void> {
    const { folder, name, numbers, damaged } = this.of;
    for (const number of numbers) {
      const segment = new KeptSegment(folder, name, number);
      if (!(await segment.load().catch(() => false))) damaged();
      if (segment.bytes > 0) this.segments.push(segment);
      else await segment.remove().catch(() => undefined);
    }
    const newestMs = Math.max(...this.segments.map(({ lastMs }) => lastMs));
    const { nowMs: wallMs, monotonicMs } = this.of;
    if (this.segments.length > 0) this.time = new SettledTime({ wallMs, monotonicMs }, newestMs);
  }

  private async write(chunk: Chunk): Promise<void> {
    if (!this.waiting.has(chunk)) return;
    const all = [...this.unwritten, chunk];
    this.unwritten = [];
    for (const [at, each] of all.entries()) {
      if (each !== chunk && each.isDropped) continue;
      this.storing = each;
      if (await this.store(each)) continue;
      this.unwritten = all.slice(at).filter(({ isDropped }) => !isDropped);
      this.lose(each);
      break;
    }
    this.storing = null;
    if (!chunk.isKept) this.lose(chunk);
  }

  /** Writes a chunk. Returns false if another attempt could be better. */
  private async store(chunk: Chunk): Promise<boolean> {
    const { runMs } = this.of;
    const { sequence, firstMs, lastMs, used } = chunk;
    try {
      const summary = this.summaryOf(chunk);
      const { ids, names } = summary;
      const namesBytes = Object.keys(names).length * MOST_NAME_BYTES;
      const segment = await this.segmentFor(used + HEAD_BYTES + ids.byteLength + namesBytes);
      if (segment === null) return true;
      const told = { used, sequence, runMs, firstMs, lastMs, aheadMs: this.aheadMs };
      await segment.append(told, chunk.bytes.subarray(0, used), summary);
      chunk.isKept = true;
      this.waiting.delete(chunk);
      this.of.wrote();
      return true;
    } catch (error) {
      await this.leave();
      await this.forgetMissing();
      this.of.failed(error);
      return false;
    }
  }

  /**
   * Makes room, and opens a segment where none is open or the open one is full. Null where the bytes are more
   * than all that is allowed.
   */
  private async segmentFor(bytes: number): Promise<KeptSegment | null> {
    const { folder, name, maxBytes } = this.of;
    if (bytes > maxBytes) return null;
    const most = Math.min(MOST_SEGMENT_BYTES, maxBytes / SEGMENTS);
    if (this.current !== null && this.current.bytes > 0 && this.current.bytes + bytes > most)
      await this.leave();
    for (const oldest of this.segments.slice()) {
      if (this.bytes + bytes <= maxBytes && this.segments.length < MOST_SEGMENTS) break;
      this.droppedMs = this.timesOf(oldest).lastMs;
      await this.remove(oldest);
    }
    if (this.current === null) {
      this.current = new KeptSegment(folder, name, this.nextNumber++);
      this.segments.push(this.current);
    }
    return this.current;
  }

  /** Ends the open segment. */
  private async leave(): Promise<void> {
    const { current } = this;
    this.current = null;
    await current?.close().catch(() => undefined);
    if (current?.bytes === 0) await this.remove(current);
  }

  private async remove(segment: KeptSegment): Promise<void> {
    if (segment === this.current) this.current = null;
    this.segments = this.segments.filter((other) => other !== segment);
    await segment.remove().catch(() => undefined);
  }

  /** Forgets the segments whose files somebody removed. */
  private async forgetMissing(): Promise<void> {
    for (const segment of this.segments.slice()) {
      if (segment.bytes === 0 || (await segment.isThere())) continue;
      this.droppedMs = Math.max(this.droppedMs ?? -Infinity, this.timesOf(segment).lastMs);
      await this.remove(segment);
    }
  }

  /** Times of the first and last fact of a segment, on the monotonic clock. */
  private timesOf({ own, firstMs, lastMs }: KeptSegment): {
    readonly firstMs: number;
    readonly lastMs: number;
  } {
    return own ?? { firstMs: firstMs - this.aheadMs, lastMs: lastMs - this.aheadMs };
  }

  /** A chunk that is not written: memory alone has it, if it still has it. */
  private lose(chunk: Chunk): void {
    this.waiting.delete(chunk);
    if (chunk.isDropped) this.droppedMs = chunk.lastMs;
  }
}
