import type { Hash } from '../wire/hash';
import { type Chunk, ChunkRing } from './chunk-ring';

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
  /** The number of a connection, or the height of a block. */
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
 * it, so that writing needs no index.
 */
export class ItemLog {
  private readonly ring: ChunkRing;

  /** @param maxBytes the most memory */
  constructor(maxBytes: number) {
    this.ring = new ChunkRing(maxBytes);
  }

  get bytes(): number {
    return this.ring.bytes;
  }

  /** The time up to which groups were dropped because the memory was used up; null where none were. */
  get dropped(): number | null {
    return this.ring.dropped;
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
      const next = this.ring.roomFor(chunk === null ? HEAD_BYTES + KEY_BYTES : KEY_BYTES, timeMs);
      if (next !== chunk) {
        chunk = count === 0 ? next : this.ring.roomFor(HEAD_BYTES + KEY_BYTES, timeMs);
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

  /** Gives back the memory of what is older. */
  expire(untilMs: number): void {
    this.ring.expire(untilMs);
  }

  /** Visits the groups that name one of these ids, in order. */
  find(keys: readonly ItemKey[], visit: (group: ItemGroup) => void): void {
    this.each((chunk, head, end) => {
      const { words } = chunk;
      for (const { low, high } of keys)
        for (let at = (head + HEAD_BYTES) / 4; at < end / 4; at += KEY_WORDS)
          if (words[at] === low && words[at + 1] === high) {
            visit(groupAt(chunk, head));
            return;
          }
    });
  }

  /** Visits each id of the groups that `isWanted` chooses. */
  list(isWanted: (group: ItemGroup) => boolean, visit: (key: ItemKey) => void): void {
    this.each((chunk, head, end) => {
      if (!isWanted(groupAt(chunk, head))) return;
      for (let at = (head + HEAD_BYTES) / 4; at < end / 4; at += KEY_WORDS)
        visit({ low: chunk.words[at] ?? 0, high: chunk.words[at + 1] ?? 0 });
    });
  }

  private each(visit: (chunk: Chunk, head: number, end: number) => void): void {
    for (const chunk of this.ring.chunks)
      for (let head = 0; head < chunk.used;) {
        const count = (chunk.words[head / 4] ?? 0) & COUNT_MASK;
        const end = head + HEAD_BYTES + count * KEY_BYTES;
        visit(chunk, head, end);
        head = end;
      }
  }
}

/** The key of an id. */
export function itemKey(hash: Hash): ItemKey {
  return { low: wordOf(hash, 0), high: wordOf(hash, 4) };
}

function groupAt({ words, bytes }: Chunk, head: number): ItemGroup {
  return {
    kind: (words[head / 4] ?? 0) >>> COUNT_BITS,
    of: words[(head + OF) / 4] ?? 0,
    timeMs: bytes.readDoubleLE(head + TIME),
  };
}

/** Four bytes of a hash as a number. */
function wordOf(hash: Hash, at: number): number {
  const upper = hash.charCodeAt(at + 3) * 2 ** 24;
  return upper + ((hash.charCodeAt(at + 2) << 16) | (hash.charCodeAt(at + 1) << 8) | hash.charCodeAt(at));
}
