import { NONE, RecordTable } from './record-table';

const HASH_BYTES = 32;

/**
 * A set of hashes with bounded memory: it remembers at least the last `capacity` of them and at most twice as many, in two
 * generations, of which the old one is forgotten when the young one is full. A hash takes 40 bytes outside of the heap; in
 * `RollingSet`, which takes any string, twice that and the collector's time.
 */
export class RollingHashes {
  private young = newTable();
  private old = newTable();
  private readonly key = Buffer.alloc(HASH_BYTES);

  constructor(private readonly capacity: number) {}

  /** Whether a hash is remembered: 32 bytes as on the wire, one character each. */
  has(hash: string): boolean {
    this.key.write(hash, 'latin1');
    return this.young.find(this.key, 0) !== NONE || this.old.find(this.key, 0) !== NONE;
  }

  add(hash: string): void {
    this.key.write(hash, 'latin1');
    if (this.young.find(this.key, 0) !== NONE) return;
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = newTable();
    }
    this.young.insert(this.key, 0);
  }
}

function newTable(): RecordTable {
  return new RecordTable(HASH_BYTES, 0);
}
