import { randomBytes } from 'node:crypto';

/** No slot. */
export const NONE = -1;

const FIRST_CAPACITY = 64;

/** Of each record the first four bytes: the next slot of its chain. */
const KEY = 4;

/**
 * A hash table from keys of 32 or 36 bytes to records of a fixed size, all in one block of memory that the garbage collector
 * does not look into. A Map with a string and an object to each transaction takes three times as much and stops
 * the program for as long as a collection walks it (bench/mempool.mjs).
 *
 * A record is known by its slot, which it keeps until it is removed; without removals slots count up from 0. Peers choose
 * the keys, so chains are found by a hash with secret factors (multilinear, Carter and Wegman 1979).
 */
export class RecordTable {
  private memory: Buffer;
  private view: DataView;
  /** First slot of each chain; as many chains as there are slots. */
  private heads: Int32Array;
  private capacity = FIRST_CAPACITY;
  /** Slots that were ever used. */
  private used = 0;
  private firstFree = NONE;
  private count = 0;
  private readonly recordBytes: number;
  private readonly factors: readonly number[];

  constructor(
    private readonly keyBytes: number,
    /** Bytes behind the key. */
    payloadBytes: number,
  ) {
    this.recordBytes = KEY + keyBytes + payloadBytes;
    this.memory = Buffer.alloc(this.capacity * this.recordBytes);
    this.view = viewOf(this.memory);
    this.heads = new Int32Array(this.capacity).fill(NONE);
    this.factors = Array.from({ length: keyBytes / 4 }, () => randomBytes(4).readInt32LE(0) | 1);
  }

  /** Records. */
  get size(): number {
    return this.count;
  }

  /** The slot of the key that begins at `start` of `bytes`, or NONE. */
  find(bytes: Buffer, start: number): number {
    let slot = this.heads[this.chainOf(bytes, start)] ?? NONE;
    while (slot !== NONE && !this.hasKey(slot, bytes, start))
      slot = this.view.getInt32(slot * this.recordBytes, true);
    return slot;
  }

  /** Makes a record of zeros for a key that has none and returns its slot. */
  insert(bytes: Buffer, start: number): number {
    if (this.firstFree === NONE && this.used === this.capacity) this.grow();
    let slot = this.firstFree;
    if (slot === NONE) slot = this.used++;
    else this.firstFree = this.view.getInt32(slot * this.recordBytes, true);
    const record = slot * this.recordBytes;
    bytes.copy(this.memory, record + KEY, start, start + this.keyBytes);
    this.memory.fill(0, record + KEY + this.keyBytes, record + this.recordBytes);
    this.chain(slot);
    this.count += 1;
    return slot;
  }

  /** Forgets a record; its slot is free for another. */
  remove(slot: number): void {
    const record = slot * this.recordBytes;
    const next = this.view.getInt32(record, true);
    const chain = this.chainOf(this.memory, record + KEY);
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

  /** Copies the key of a record. */
  copyKey(slot: number, target: Buffer): void {
    const start = slot * this.recordBytes + KEY;
    this.memory.copy(target, 0, start, start + this.keyBytes);
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

  private offset(slot: number, field: number): number {
    return slot * this.recordBytes + KEY + this.keyBytes + field;
  }

  private hasKey(slot: number, bytes: Buffer, start: number): boolean {
    const key = slot * this.recordBytes + KEY;
    for (let i = 0; i < this.keyBytes; i += 4)
      if (this.view.getUint32(key + i, true) !== bytes.readUInt32LE(start + i)) return false;
    return true;
  }

  private chainOf(bytes: Buffer, start: number): number {
    let hash = 0;
    let i = start;
    for (const factor of this.factors) {
      hash = (hash + Math.imul(bytes.readUInt32LE(i), factor)) | 0;
      i += 4;
    }
    // The high bits depend on every bit of the key, the low ones do not.
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    hash ^= hash >>> 16;
    return hash & (this.capacity - 1);
  }

  private chain(slot: number): void {
    const record = slot * this.recordBytes;
    const chain = this.chainOf(this.memory, record + KEY);
    this.view.setInt32(record, this.heads[chain] ?? NONE, true);
    this.heads[chain] = slot;
  }

  /** Doubles the room. Called when every slot is taken, so that each one that is used is to be chained again. */
  private grow(): void {
    this.capacity *= 2;
    const memory = Buffer.alloc(this.capacity * this.recordBytes);
    this.memory.copy(memory);
    this.memory = memory;
    this.view = viewOf(memory);
    this.heads = new Int32Array(this.capacity).fill(NONE);
    for (let slot = 0; slot < this.used; slot++) this.chain(slot);
  }
}

function viewOf(memory: Buffer): DataView {
  return new DataView(memory.buffer, memory.byteOffset, memory.length);
}
