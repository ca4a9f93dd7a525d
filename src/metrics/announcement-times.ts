import { NONE, RecordTable } from '../lib/record-table';

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
  private young = newTable();
  private old = newTable();
  private readonly key = Buffer.alloc(HASH_BYTES);

  constructor(private readonly capacity: number) {}

  /** Records a time for a hash (wire order, one character each byte), if it has none yet. */
  note(hash: string, timeMs: number): void {
    this.key.write(hash, 'latin1');
    if (this.young.find(this.key, 0) !== NONE || this.old.find(this.key, 0) !== NONE) return;
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = newTable();
    }
    this.young.setDouble(this.young.insert(this.key, 0), TIME, timeMs);
  }

  /** Returns the time of a hash and removes it. */
  take(hash: string): number | undefined {
    this.key.write(hash, 'latin1');
    for (const table of [this.young, this.old]) {
      const slot = table.find(this.key, 0);
      if (slot === NONE) continue;
      const timeMs = table.getDouble(slot, TIME);
      table.remove(slot);
      return timeMs;
    }
    return undefined;
  }
}

function newTable(): RecordTable {
  return new RecordTable(HASH_BYTES, PAYLOAD_BYTES);
}
