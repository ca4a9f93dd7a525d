import { Generations } from './generations';
import { NONE, RecordTable } from './record-table';

const HASH_BYTES = 32;

/**
 * A set of hashes with bounded memory: it remembers at least the last `capacity` hashes and at most twice as
 * many. A hash takes 40 bytes outside of the heap. `RollingSet`, which takes any string, needs twice that,
 * and time of the garbage collector.
 */
export class RollingHashes<Hash extends string = string> {
  private readonly generations: Generations<RecordTable>;
  private readonly key = Buffer.alloc(HASH_BYTES);

  constructor(capacity: number) {
    this.generations = new Generations(
      () => new RecordTable(HASH_BYTES, 0),
      ({ size }) => size >= capacity,
    );
  }

  /** Whether a hash is remembered. Hashes are in wire order, one character for each byte. */
  has(hash: Hash): boolean {
    const { young, old } = this.generations;
    this.key.write(hash, 'latin1');
    return young.find(this.key, 0) !== NONE || old.find(this.key, 0) !== NONE;
  }

  add(hash: Hash): void {
    this.key.write(hash, 'latin1');
    if (this.generations.young.find(this.key, 0) !== NONE) return;
    this.generations.forNewEntry().insert(this.key, 0);
  }
}
