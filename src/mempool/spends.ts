import type { Input } from '../wire/input';
import { NONE, RecordTable } from '../lib/record-table';

/** Fields of a record. */
const SPENDER = 0;
const NEXT_OF_SPENDER = 4;
const IS_VALUED = 8;
const PAYLOAD_BYTES = 12;

/** A hash and an index. */
const OUTPOINT_BYTES = 36;
const INDEX = 32;

/** Memory of a spend in bytes: its record, and its slots in a hash table that is half full. */
export const SPEND_BYTES = 4 + OUTPOINT_BYTES + PAYLOAD_BYTES + 8;

/** Which transaction spends an output. If several conflict, it contains only one of them. */
export class Spends {
  private readonly table = new RecordTable(OUTPOINT_BYTES, PAYLOAD_BYTES);
  private readonly outpointBytes = Buffer.alloc(OUTPOINT_BYTES);

  /** The entry that spends the same output as an input, or NONE. */
  spenderOf({ bytes, start }: Input): number {
    const slot = this.table.find(bytes, start);
    return slot === NONE ? NONE : this.table.getInt(slot, SPENDER);
  }

  /**
   * Adds the spend of an output that is not spent so far. `next` is the previous spend of the same entry, or
   * NONE.
   */
  add({ bytes, start }: Input, spender: number, next: number, isValued: boolean): number {
    const slot = this.table.insert(bytes, start);
    this.table.setInt(slot, SPENDER, spender);
    this.table.setInt(slot, NEXT_OF_SPENDER, next);
    this.table.setUint(slot, IS_VALUED, Number(isValued));
    return slot;
  }

  /** Removes a spend and all that are linked from it. */
  removeFrom(first: number): void {
    for (let slot = first; slot !== NONE;) {
      const next = this.next(slot);
      this.table.remove(slot);
      slot = next;
    }
  }

  /** The spend of an output, or NONE; `txid` in wire order. */
  find(txid: Buffer, index: number): number {
    txid.copy(this.outpointBytes);
    this.outpointBytes.writeUInt32LE(index, INDEX);
    return this.table.find(this.outpointBytes, 0);
  }

  /** The output that is spent: its 36 bytes; good until the next call. */
  outpoint(slot: number): Buffer {
    this.table.copyKey(slot, this.outpointBytes);
    return this.outpointBytes;
  }

  /** The next spend of the same entry, or NONE. */
  next(slot: number): number {
    return this.table.getInt(slot, NEXT_OF_SPENDER);
  }

  /** The entry that made a spend. */
  spender(slot: number): number {
    return this.table.getInt(slot, SPENDER);
  }

  /** Records that the value of a spend is known; false if it was known before. */
  setValued(slot: number): boolean {
    if (this.table.getUint(slot, IS_VALUED) === 1) return false;
    this.table.setUint(slot, IS_VALUED, 1);
    return true;
  }
}
