import type { HashFingerprint } from './hash-fingerprint';

/**
 * Two words of 32 bits: the lower half of a fingerprint plus 1, so that 0 is an empty slot, with the
 * generation as the highest bit; and the upper half.
 */
const SLOT_WORDS = 2;

const GENERATION = 0x8000_0000;

/** At most this part of the slots is used. */
const MOST_FULL = 3 / 4;

const FIRST_SLOTS = 64;

/**
 * About as many fingerprints of one generation are in one segment. To clear a generation of a segment takes a
 * millisecond.
 */
const IN_A_SEGMENT = 32_768;

/** A segment has room for so many standard deviations more than its share. */
const DEVIATIONS = 6;

const TWO_32 = 0x1_0000_0000;

/** Holds the kept fingerprints of a segment while it is rewritten. */
let scratch = new Uint32Array(0);

/**
 * A hash table of fingerprints of two generations, with open addressing and linear probing. When the young
 * one is full, the old one is removed, and the young one becomes the old one.
 */
class Segment {
  private words: Uint32Array;
  private slots: number;
  private used = 0;
  private youngOnes = 0;
  /** The generation bit of the young ones: 0 or GENERATION. */
  private young = 0;

  /** @param room fingerprints of one generation at most */
  constructor(private readonly room: number) {
    this.slots = Math.min(FIRST_SLOTS, this.mostSlots);
    this.words = new Uint32Array(this.slots * SLOT_WORDS);
  }

  has(low: number, high: number): boolean {
    return this.words[this.find(low + 1, high)] !== 0;
  }

  add(low: number, high: number): void {
    const mark = low + 1;
    let at = this.find(mark, high);
    const found = this.words[at] ?? 0;
    if (found !== 0 && (found & GENERATION) >>> 0 === this.young) return;
    if (this.youngOnes >= this.room) {
      this.forget();
      at = this.find(mark, high);
    }
    if (this.words[at] === 0) this.used += 1;
    this.words[at] = (mark | this.young) >>> 0;
    this.words[at + 1] = high;
    this.youngOnes += 1;
    if (this.used > this.slots * MOST_FULL && this.slots < this.mostSlots)
      this.rewrite(Math.min(2 * this.slots, this.mostSlots), () => true);
  }

  /** The longest run of slots that one search looks at. */
  get longestSearch(): number {
    let longest = 0;
    let run = 0;
    // Twice around, because a run may continue at the beginning.
    for (let i = 0; i < 2 * this.slots; i++) {
      run = this.words[(i % this.slots) * SLOT_WORDS] === 0 ? 0 : run + 1;
      longest = Math.max(longest, run);
    }
    return longest;
  }

  /** Slots when both generations are full. */
  private get mostSlots(): number {
    return Math.ceil((2 * this.room) / MOST_FULL) + 1;
  }

  /** The index in `words` of a fingerprint, or of the empty slot where it belongs. */
  private find(mark: number, high: number): number {
    const { words } = this;
    const end = words.length;
    let at = Math.floor((mixed(mark ^ high) / TWO_32) * this.slots) * SLOT_WORDS;
    for (;;) {
      const found = words[at] ?? 0;
      if (found === 0 || ((found & ~GENERATION) === mark && words[at + 1] === high)) return at;
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
  }

  /** Removes the old generation. */
  private forget(): void {
    const { young } = this;
    this.rewrite(this.slots, (found) => (found & GENERATION) >>> 0 === young);
    this.young = young === 0 ? GENERATION : 0;
    this.youngOnes = 0;
  }

  /** Keeps some fingerprints, and writes them into new slots of the given number. */
  private rewrite(slots: number, isKept: (found: number) => boolean): void {
    const { words } = this;
    if (scratch.length < words.length) scratch = new Uint32Array(words.length);
    let length = 0;
    for (let i = 0; i < words.length; i += SLOT_WORDS) {
      const found = words[i] ?? 0;
      if (found === 0 || !isKept(found)) continue;
      scratch[length] = found;
      scratch[length + 1] = words[i + 1] ?? 0;
      length += SLOT_WORDS;
    }
    if (slots === this.slots) words.fill(0);
    else this.words = new Uint32Array(slots * SLOT_WORDS);
    this.slots = slots;
    this.used = length / SLOT_WORDS;
    for (let i = 0; i < length; i += SLOT_WORDS) {
      const found = scratch[i] ?? 0;
      const high = scratch[i + 1] ?? 0;
      const at = this.find(found & ~GENERATION, high);
      this.words[at] = found;
      this.words[at + 1] = high;
    }
  }
}

/**
 * A set of fingerprints. It remembers at least the last `capacity` of them, and hardly more than twice as
 * many. Its memory is outside the garbage collector's heap: 23 bytes for each of `capacity` when it is full.
 * A search reads one place of the memory. The set consists of segments, and each segment grows and forgets by
 * itself, so no call takes long.
 */
export class RollingFingerprints {
  private readonly segments: readonly Segment[];
  private readonly mask: number;

  constructor(capacity: number) {
    let segments = 1;
    while (capacity / segments > IN_A_SEGMENT) segments *= 2;
    const share = capacity / segments;
    // A single segment gets all of them, so it needs no reserve.
    const room = segments === 1 ? capacity : Math.ceil(share + DEVIATIONS * Math.sqrt(share));
    this.mask = segments - 1;
    this.segments = Array.from({ length: segments }, () => new Segment(room));
  }

  has({ low, high }: HashFingerprint): boolean {
    return this.segmentOf(low).has(low, high);
  }

  add({ low, high }: HashFingerprint): void {
    this.segmentOf(low).add(low, high);
  }

  /** The largest number of slots that one search looks at. It walks the whole set. */
  get longestSearch(): number {
    return Math.max(...this.segments.map((segment) => segment.longestSearch));
  }

  private segmentOf(low: number): Segment {
    const segment = this.segments[low & this.mask];
    if (segment === undefined) throw new RangeError('no such segment');
    return segment;
  }
}

/**
 * Spreads numbers that have an order over 32 bits, so that they do not lie side by side (the finalizer of
 * MurmurHash3 by Austin Appleby).
 */
function mixed(value: number): number {
  let mix = value;
  mix = Math.imul(mix ^ (mix >>> 16), 0x85eb_ca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
