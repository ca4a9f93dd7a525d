import { Generations } from '../lib/generations';
import { NONE, RecordTable } from '../lib/record-table';
import type { Hash } from '../wire/hash';

const HASH_BYTES = 32;

/** The only field of a record: a time. */
const TIME = 0;
const PAYLOAD_BYTES = 8;

/**
 * When transactions and blocks were first announced, until the time is taken out. It holds at least the last
 * `capacity` times and at most twice as many, in two generations. When the young generation is full, the old
 * one is dropped. Each takes about 50 bytes.
 */
export class AnnouncementTimes {
  private readonly generations: Generations<RecordTable>;
  private readonly key = Buffer.alloc(HASH_BYTES);

  constructor(capacity: number) {
    this.generations = new Generations(
      () => new RecordTable(HASH_BYTES, PAYLOAD_BYTES),
      ({ size }) => size >= capacity,
    );
  }

  /** Records a time for a hash, if it has none yet. */
  note(hash: Hash, timeMs: number): void {
    const { young, old } = this.generations;
    this.key.write(hash, 'latin1');
    if (young.find(this.key, 0) !== NONE || old.find(this.key, 0) !== NONE) return;
    const table = this.generations.forNewEntry();
    table.setDouble(table.insert(this.key, 0), TIME, timeMs);
  }

  /** Returns the time of a hash and removes it. */
  take(hash: Hash): number | undefined {
    const { young, old } = this.generations;
    this.key.write(hash, 'latin1');
    return takeFrom(young, this.key) ?? takeFrom(old, this.key);
  }
}

function takeFrom(table: RecordTable, key: Buffer): number | undefined {
  const slot = table.find(key, 0);
  if (slot === NONE) return undefined;
  const timeMs = table.getDouble(slot, TIME);
  table.remove(slot);
  return timeMs;
}
