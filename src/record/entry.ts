import { GatheredReadings } from './clock-readings';
import type { NewRecord } from './record-writer';

const NO_BYTES = Buffer.alloc(0);

/** Something that is recorded, and used again for the next: a message has several. */
export class Entry implements NewRecord {
  sinceNs = 0;
  peer = 0;
  kind = 0;
  head: Buffer = NO_BYTES;
  body: Buffer = NO_BYTES;
  length = 0;
  /** Room for a body of four bytes. */
  readonly word = Buffer.alloc(4);
  /** Whether it tells of the end of its connection. */
  isEnd = false;
  /** The times that were told while it was handled. */
  readonly readings = new GatheredReadings();
}
