import { KeyedHash } from './keyed-hash';

/** Stands for no slot. */
export const NONE = -1;

const FIRST_CAPACITY = 64;

/** Offset of the key in a record. The four bytes before it are the next slot of its chain. */
const KEY = 4;

/**
 * A hash table from keys of 32 or 36 bytes to records of a fixed size. All of it lies in one block of memory,
 * which the garbage collector does not scan. Maps of strings and objects take three times as much memory
 * (bench/mempool.ts).
 *
 * A record keeps its slot until it is removed. Without removals slots count up from 0. Peers choose the keys,
 * so chains are found by a hash with a secret (`KeyedHash`) of this table's own. There are as many chains as
 * there ever were records: each new slot splits one chain (linear hashing, Litwin 1980). Moving a million
 * records to new chains at once stopped the program for 0.4 s.
 */
export class RecordTable {
  private bytes: Buffer;
  private view: DataView;
  /** The first slot of each chain. */
  private heads: Int32Array;
  /** A power of 2. It is at most the number of chains, and more than half of it. */
  private wholeChains = 1;
  private chains = 1;
  private capacity = FIRST_CAPACITY;
  /** The number of slots that were ever used. */
  private used = 0;
  private firstFree = NONE;
  private count = 0;
  private readonly recordBytes: number;
  private readonly hash: KeyedHash;

  constructor(
    private readonly keyBytes: number,
    /** Length of the record behind its key, in bytes. */
    payloadBytes: number,
    /** Secret of the hash (`KeyedHash`). Default a random one. */
    secret?: Buffer,
  ) {
    this.recordBytes = KEY + keyBytes + payloadBytes;
    this.bytes = Buffer.alloc(this.capacity * this.recordBytes);
    this.view = viewOf(this.bytes);
    this.heads = new Int32Array(this.capacity).fill(NONE);
    this.hash = new KeyedHash(keyBytes, secret);
  }

  /** The number of records. */
  get size(): number {
    return this.count;
  }

  /** A number above every slot that was ever used. Slots below it may be free. */
  get slots(): number {
    return this.used;
  }

  /** The memory of the records. It is replaced by `insert`. */
  get memory(): DataView {
    return this.view;
  }

  /** The slot of the key at `start` of `bytes`, or NONE. */
  find(bytes: Buffer, start: number): number {
    let slot = this.heads[this.chainOf(bytes, start)] ?? NONE;
    while (slot !== NONE && !this.hasKey(slot, bytes, start))
      slot = this.view.getInt32(slot * this.recordBytes, true);
    return slot;
  }

  /** Adds a record of zeros for a key that has none, and returns its slot. */
  insert(bytes: Buffer, start: number): number {
    if (this.firstFree === NONE && this.used === this.capacity) this.grow();
    let slot = this.firstFree;
    if (slot !== NONE) {
      this.firstFree = this.view.getInt32(slot * this.recordBytes, true);
    } else {
      slot = this.used++;
      if (this.chains < this.used) this.splitChain();
    }
    const record = slot * this.recordBytes;
    bytes.copy(this.bytes, record + KEY, start, start + this.keyBytes);
    this.bytes.fill(0, record + KEY + this.keyBytes, record + this.recordBytes);
    this.chain(slot);
    this.count += 1;
    return slot;
  }

  /** Removes a record. Its slot becomes free for another. */
  remove(slot: number): void {
    const record = slot * this.recordBytes;
    const next = this.view.getInt32(record, true);
    const chain = this.chainOf(this.bytes, record + KEY);
    let before = this.heads[chain] ?? NONE;
    if (before === slot) {
      this.heads[chain] = next;
    } else {
      while (this.view.getInt32(before * this.recordBytes, true) !== slot)
        before = this.view.getInt32(before * this.recordBytes, true);
      this.view.setInt32(before * this.recordBytes, next, true);
    }
    this.view.setInt32(record, this.firstFree, true);
    this.firstFree = slot;
    this.count -= 1;
  }

  /**
   * The length of the longest chain: the largest number of records that one search looks at. It walks the
   * whole table.
   */
  get longestSearch(): number {
    let longest = 0;
    for (const head of this.heads.subarray(0, this.chains)) {
      let length = 0;
      for (let slot = head; slot !== NONE; slot = this.view.getInt32(slot * this.recordBytes, true)) length++;
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** Copies the key of a record. */
  copyKey(slot: number, target: Buffer): void {
    const start = slot * this.recordBytes + KEY;
    this.bytes.copy(target, 0, start, start + this.keyBytes);
  }

  getUint(slot: number, field: number): number {
    return this.view.getUint32(this.offset(slot, field), true);
  }

  setUint(slot: number, field: number, value: number): void {
    this.view.setUint32(this.offset(slot, field), value, true);
  }

  getInt(slot: number, field: number): number {
    return this.view.getInt32(this.offset(slot, field), true);
  }

  setInt(slot: number, field: number, value: number): void {
    this.view.setInt32(this.offset(slot, field), value, true);
  }

  getDouble(slot: number, field: number): number {
    return this.view.getFloat64(this.offset(slot, field), true);
  }

  setDouble(slot: number, field: number, value: number): void {
    this.view.setFloat64(this.offset(slot, field), value, true);
  }

  setBytes(slot: number, field: number, bytes: Buffer): void {
    bytes.copy(this.bytes, this.offset(slot, field));
  }

  /** Copies the bytes of a field, as many as the target holds. */
  copyBytes(slot: number, field: number, target: Buffer): void {
    const start = this.offset(slot, field);
    this.bytes.copy(target, 0, start, start + target.length);
  }

  /** Offset of a field in `memory`. */
  offset(slot: number, field: number): number {
    return slot * this.recordBytes + KEY + this.keyBytes + field;
  }

  private hasKey(slot: number, bytes: Buffer, start: number): boolean {
    const key = slot * this.recordBytes + KEY;
    for (let i = 0; i < this.keyBytes; i++) if (this.bytes[key + i] !== bytes[start + i]) return false;
    return true;
  }

  private chainOf(bytes: Buffer, start: number): number {
    const hash = this.hash.of(bytes, start);
    const chain = hash & (2 * this.wholeChains - 1);
    return chain < this.chains ? chain : chain & (this.wholeChains - 1);
  }

  private chain(slot: number): void {
    const record = slot * this.recordBytes;
    const chain = this.chainOf(this.bytes, record + KEY);
    this.view.setInt32(record, this.heads[chain] ?? NONE, true);
    this.heads[chain] = slot;
  }

  /** Adds a chain, and moves the records that belong to it from the chain that held them. */
  private splitChain(): void {
    const split = this.chains - this.wholeChains;
    this.heads[this.chains] = NONE;
    this.chains += 1;
    let slot = this.heads[split] ?? NONE;
    this.heads[split] = NONE;
    while (slot !== NONE) {
      const next = this.view.getInt32(slot * this.recordBytes, true);
      this.chain(slot);
      slot = next;
    }
    if (this.chains === 2 * this.wholeChains) this.wholeChains = this.chains;
  }

  /** Doubles the capacity. */
  private grow(): void {
    this.capacity *= 2;
    const memory = Buffer.alloc(this.capacity * this.recordBytes);
    this.bytes.copy(memory);
    this.bytes = memory;
    this.view = viewOf(memory);
    const heads = new Int32Array(this.capacity);
    heads.set(this.heads);
    this.heads = heads;
  }
}

function viewOf(memory: Buffer): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.length);
}
