import { NONE } from '../lib/record-table';

/** The bin of a transaction without a bin: it is not in the view, or its fee is not known. */
export const NO_BIN = 0xffff;
export const UNKNOWN_FEE = 0xfffe;

/** Memory of an entry of the fields below, in bytes. */
export const ORDER_BYTES = 8 + 8 + 4 + 4 + 2 + 1;

const FIRST_CAPACITY = 64;

/** What `FeeOrder` keeps for each entry, by its slot. */
export class OrderFields {
  /** Feerate of its chunk in sat/vB. */
  rates = new Float64Array(FIRST_CAPACITY);
  /** The order among transactions of the same rate: the lower number first. */
  places = new Float64Array(FIRST_CAPACITY);
  /** The neighbours in its cell (`RateCells`). */
  before = new Int32Array(FIRST_CAPACITY).fill(NONE);
  after = new Int32Array(FIRST_CAPACITY).fill(NONE);
  bins = new Uint16Array(FIRST_CAPACITY).fill(NO_BIN);
  /** Whether its cluster waits to be put in order. */
  isQueued = new Uint8Array(FIRST_CAPACITY);

  /** Makes room for an entry. */
  reach(slot: number): void {
    const { length } = this.bins;
    if (slot < length) return;
    const capacity = Math.max(slot + 1, length * 2);
    this.rates = grown(this.rates, new Float64Array(capacity));
    this.places = grown(this.places, new Float64Array(capacity));
    this.before = grown(this.before, new Int32Array(capacity).fill(NONE));
    this.after = grown(this.after, new Int32Array(capacity).fill(NONE));
    this.bins = grown(this.bins, new Uint16Array(capacity).fill(NO_BIN));
    this.isQueued = grown(this.isQueued, new Uint8Array(capacity));
  }

  bin(slot: number): number {
    return this.bins[slot] ?? NO_BIN;
  }

  rate(slot: number): number {
    return this.rates[slot] ?? 0;
  }
}

function grown<T extends Float64Array | Int32Array | Uint16Array | Uint8Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
