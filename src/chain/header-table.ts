import { KeyedHash } from '../lib/keyed-hash';

/** Words of a record: hash 8, parent, height, time, bits, work 4, state. */
const HASH_WORDS = 8;
const PARENT = 8;
const HEIGHT = 9;
const TIME = 10;
const BITS = 11;
const WORK = 12;
const STATE = 16;
const WORDS = 17;
const WORD_BYTES = 4;
const HASH_BYTES = HASH_WORDS * WORD_BYTES;

const FIRST_CAPACITY = 4_096;

/**
 * Growth of a full table. Doubling would be wasteful: a quarter of a million headers too many would cost as
 * much as half of mainnet.
 */
const GROWTH = 1.5;

/**
 * Slots of the hash index for each header of the capacity; with 2, a search looks at 1.5 slots on average.
 */
const SLOTS_PER_HEADER = 2;

const INVALID = 1;

/** The fields of a header that the table stores. */
export interface HeaderRecord {
  /** Index of its parent; the genesis header has its own index. */
  readonly parent: number;
  readonly height: number;
  /** Unix time in seconds. */
  readonly time: number;
  readonly bits: number;
  /** Total work of the chain up to and including it. */
  readonly work: bigint;
}

/**
 * Stores the fields that the rules need of each header in one array of numbers, 68 bytes a header. A hash
 * index of 8 to 12 bytes a header finds headers by hash. A million headers take 80 MB; as objects with
 * strings for hashes they would take half a gigabyte. The index of a header is its position in the order of
 * adding, so a parent's index is below its child's. Merkle roots and nonces are not stored, because nothing
 * needs them.
 *
 * Where proof of work is cheap, as on test networks, strangers can choose hashes. So the position in the hash
 * index comes from a hash with a secret key.
 */
export class HeaderTable {
  private count = 0;
  private capacity = FIRST_CAPACITY;
  private records = new Uint32Array(FIRST_CAPACITY * WORDS);
  /**
   * The same memory as bytes. Hashes lie in it in wire order, on the little-endian machines that this program
   * supports.
   */
  private bytes = new Uint8Array(this.records.buffer);
  /** Open addressing: 0 is free, other values are an index plus 1. The length is a power of 2. */
  private slots = new Uint32Array(powerOfTwo(FIRST_CAPACITY * SLOTS_PER_HEADER));
  private readonly keyedHash: KeyedHash;

  /** @param secret key of the index's hash; random by default */
  constructor(secret?: Buffer) {
    this.keyedHash = new KeyedHash(HASH_BYTES, secret);
  }

  /** Number of headers; all indices are below it. */
  get size(): number {
    return this.count;
  }

  /** Adds a header under a new hash (32 bytes from `start`, in wire order); returns its index. */
  add(hash: Buffer, start: number, { parent, height, time, bits, work }: HeaderRecord): number {
    if (this.count === this.capacity) this.grow();
    const index = this.count++;
    const { records } = this;
    const at = index * WORDS;
    for (let word = 0; word < HASH_WORDS; word++) records[at + word] = hash.readUInt32LE(start + word * 4);
    records[at + PARENT] = parent;
    records[at + HEIGHT] = height;
    records[at + TIME] = time;
    records[at + BITS] = bits;
    // 128 of 256 bits are stored. At mainnet's rate of 2025, 2^79 for each block, filling them would take 10
    // billion years.
    for (let word = 0; word < 4; word++)
      records[at + WORK + word] = Number((work >> BigInt(32 * word)) & 0xffff_ffffn);
    this.enter(index);
    return index;
  }

  /** Index of the header with the hash in the 32 bytes from `start`; -1 if there is none. */
  find(hash: Buffer, start: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    for (let slot = this.keyedHash.of(hash, start) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) return -1;
      if (this.matches(entry - 1, hash, start)) return entry - 1;
    }
  }

  /** Hash in wire order, in its own buffer. */
  hash(index: number): Buffer {
    const hash = Buffer.allocUnsafe(32);
    for (let word = 0; word < HASH_WORDS; word++) hash.writeUInt32LE(this.field(index, word), word * 4);
    return hash;
  }

  parent(index: number): number {
    return this.field(index, PARENT);
  }

  height(index: number): number {
    return this.field(index, HEIGHT);
  }

  time(index: number): number {
    return this.field(index, TIME);
  }

  bits(index: number): number {
    return this.field(index, BITS);
  }

  work(index: number): bigint {
    let work = 0n;
    for (let word = 3; word >= 0; word--) work = (work << 32n) | BigInt(this.field(index, WORK + word));
    return work;
  }

  isInvalid(index: number): boolean {
    return this.field(index, STATE) === INVALID;
  }

  /** Marks a header and all its descendants as invalid; returns how many were not marked before. */
  invalidate(index: number): number {
    let marked = 0;
    for (let each = index; each < this.count; each++) {
      if (this.isInvalid(each) || (each !== index && !this.isInvalid(this.parent(each)))) continue;
      this.records[each * WORDS + STATE] = INVALID;
      marked++;
    }
    return marked;
  }

  /**
   * The most slots that one search may look at: the longest run of used slots plus a free one. This walks the
   * whole index.
   */
  get longestSearch(): number {
    let longest = 0;
    let row = 0;
    for (const entry of this.slots) {
      row = entry === 0 ? 0 : row + 1;
      longest = Math.max(longest, row);
    }
    return longest + 1;
  }

  private field(index: number, word: number): number {
    return this.records[index * WORDS + word] ?? 0;
  }

  private matches(index: number, hash: Buffer, start: number): boolean {
    const { records } = this;
    const at = index * WORDS;
    for (let word = 0; word < HASH_WORDS; word++)
      if (records[at + word] !== hash.readUInt32LE(start + word * 4)) return false;
    return true;
  }

  private enter(index: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = this.keyedHash.of(this.bytes, index * WORDS * WORD_BYTES) & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = index + 1;
  }

  private grow(): void {
    this.capacity = Math.ceil(this.capacity * GROWTH);
    const records = new Uint32Array(this.capacity * WORDS);
    records.set(this.records);
    this.records = records;
    this.bytes = new Uint8Array(records.buffer);
    const length = powerOfTwo(this.capacity * SLOTS_PER_HEADER);
    if (length === this.slots.length) return;
    this.slots = new Uint32Array(length);
    for (let index = 0; index < this.count; index++) this.enter(index);
  }
}

/** The least power of 2 that is not below `n`. */
function powerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n));
}
