import type { Hash } from '../wire/hash';
import { ChunkLog, type Contents, type KeptWhere } from './chunk-log';
import type { Chunk } from './chunk-ring';
import type { ReadableChunk } from './kept/readable-chunk';

/** A group begins with its kind and count, a number and a time; each id behind it takes 8 bytes. */
const HEAD_BYTES = 16;
const KEY_BYTES = 8;
const KEY_WORDS = KEY_BYTES / 4;

/** Offsets in a head. */
const OF = 4;
const TIME = 8;

/** The kind is in the upper half of the first word, the count in the lower half. */
const COUNT_BITS = 16;
const COUNT_MASK = 0xffff;

/** What is told of several ids at once: what happened to them, by whom or in what, and when. */
export interface ItemGroup {
  /** Below 65,536. */
  readonly kind: number;
  /** The number of a connection, or of a block that joined the best chain. */
  readonly of: number;
  /** On the monotonic clock. */
  readonly timeMs: number;
}

/** The first 8 bytes of an id in wire order, as two numbers. */
export interface ItemKey {
  readonly low: number;
  readonly high: number;
}

/**
 * What happened to ids of transactions, in order: groups of ids that one message or block names. Of an id it
 * keeps 8 bytes: whoever wants two ids to be taken for one must make 2^32 of his own. A question reads all of
 * the memory, so that writing needs no index; on disk an index tells which chunks it must read.
 */
export class ItemLog {
  private readonly chunks: ChunkLog;

  /**
   * @param maxBytes the most memory
   * @param where where it is kept on disk; null for memory alone
   */
  constructor(maxBytes: number, where: KeptWhere | null = null) {
    this.chunks = new ChunkLog(maxBytes, where, contentsOf);
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.chunks.bytes;
  }

  /** Bytes on disk. */
  get keptBytes(): number {
    return this.chunks.keptBytes;
  }

  /** The time up to which groups were dropped because there was no more room; null where none were. */
  get dropped(): number | null {
    return this.chunks.dropped;
  }

  /** The time of the oldest fact on disk; null where there is none. */
  get oldestKeptMs(): number | null {
    return this.chunks.oldestKeptMs;
  }

  /**
   * Adds what happened to items, in groups of one kind that follow one another.
   * @param kindOf what is told of an item, below 65,536; null for nothing
   */
  add<T>(
    { of, timeMs }: Omit<ItemGroup, 'kind'>,
    items: readonly T[],
    kindOf: (item: T) => number | null,
    hashOf: (item: T) => Hash,
  ): void {
    let chunk: Chunk | null = null;
    let kind = 0;
    let head = 0;
    let count = 0;
    for (const item of items) {
      const wanted = kindOf(item);
      if (wanted === null) continue;
      const hash = hashOf(item);
      if (chunk !== null && wanted !== kind) {
        chunk = null;
        count = 0;
      }
      kind = wanted;
      const next = this.chunks.roomFor(chunk === null ? HEAD_BYTES + KEY_BYTES : KEY_BYTES, timeMs);
      if (next !== chunk) {
        chunk = count === 0 ? next : this.chunks.roomFor(HEAD_BYTES + KEY_BYTES, timeMs);
        head = chunk.used;
        count = 0;
        chunk.words[(head + OF) / 4] = of;
        chunk.bytes.writeDoubleLE(timeMs, head + TIME);
        chunk.used += HEAD_BYTES;
      }
      const { low, high } = itemKey(hash);
      chunk.words[chunk.used / 4] = low;
      chunk.words[chunk.used / 4 + 1] = high;
      chunk.used += KEY_BYTES;
      count += 1;
      chunk.words[head / 4] = (kind << COUNT_BITS) | count;
    }
  }

  /** Forgets what is older. */
  expire(untilMs: number): void {
    this.chunks.expire(untilMs);
  }

  /** Writes what is in memory alone to disk. */
  close(): Promise<void> {
    return this.chunks.close();
  }

  /** Visits the groups that name one of these ids, in order. */
  async find(keys: readonly ItemKey[], visit: (group: ItemGroup) => void): Promise<void> {
    const ids = keys.map(({ low }) => ({ from: low, to: low }));
    for await (const chunk of this.chunks.find({ ids }))
      eachGroup(chunk, (head, end) => {
        if (!keys.some((key) => hasKey(chunk, head, end, key))) return;
        this.chunks.nameIn(chunk, chunk.words[(head + OF) / 4] ?? 0);
        visit(groupAt(chunk, head));
      });
  }

  /** Visits each id of the groups of a number, which were added at that time. */
  async list({ of, timeMs }: Omit<ItemGroup, 'kind'>, visit: (key: ItemKey) => void): Promise<void> {
    for await (const chunk of this.chunks.find({ sinceMs: timeMs, untilMs: timeMs }))
      eachGroup(chunk, (head, end) => {
        if (groupAt(chunk, head).of !== of) return;
        for (let at = (head + HEAD_BYTES) / 4; at < end / 4; at += KEY_WORDS)
          visit({ low: chunk.words[at] ?? 0, high: chunk.words[at + 1] ?? 0 });
      });
  }
}

/** The key of an id. */
export function itemKey(hash: Hash): ItemKey {
  return { low: wordOf(hash, 0), high: wordOf(hash, 4) };
}

function eachGroup(
  { words, used }: Pick<ReadableChunk, 'words' | 'used'>,
  visit: (head: number, end: number) => void,
): void {
  for (let head = 0; head < used;) {
    const count = (words[head / 4] ?? 0) & COUNT_MASK;
    const end = head + HEAD_BYTES + count * KEY_BYTES;
    visit(head, end);
    head = end;
  }
}

function groupAt({ words, bytes, shiftMs, firstNumber }: ReadableChunk, head: number): ItemGroup {
  return {
    kind: (words[head / 4] ?? 0) >>> COUNT_BITS,
    of: firstNumber + (words[(head + OF) / 4] ?? 0),
    timeMs: bytes.readDoubleLE(head + TIME) + shiftMs,
  };
}

function hasKey({ words }: ReadableChunk, head: number, end: number, { low, high }: ItemKey): boolean {
  for (let at = (head + HEAD_BYTES) / 4; at < end / 4; at += KEY_WORDS)
    if (words[at] === low && words[at + 1] === high) return true;
  return false;
}

function contentsOf(chunk: Chunk): Contents {
  const { words } = chunk;
  const contents: Contents = { ids: [], numbers: new Set() };
  eachGroup(chunk, (head, end) => {
    contents.numbers.add(words[(head + OF) / 4] ?? 0);
    for (let at = (head + HEAD_BYTES) / 4; at < end / 4; at += KEY_WORDS) contents.ids.push(words[at] ?? 0);
  });
  return contents;
}

/** Four bytes of a hash as a number. */
function wordOf(hash: Hash, at: number): number {
  const upper = hash.charCodeAt(at + 3) * 2 ** 24;
  return upper + ((hash.charCodeAt(at + 2) << 16) | (hash.charCodeAt(at + 1) << 8) | hash.charCodeAt(at));
}
