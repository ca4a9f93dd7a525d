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

/** Memory that a spend takes: its record, and its place in the table when that is half full. In bytes. */
export const SPEND_BYTES = 4 + OUTPOINT_BYTES + PAYLOAD_BYTES + 8;

/** Which transaction spends an output. One alone: of those in conflict the others are not in here. */
export class Spends {
  private readonly table = new RecordTable(OUTPOINT_BYTES, PAYLOAD_BYTES);
  private readonly outpoint = Buffer.alloc(OUTPOINT_BYTES);

  /** The entry that spends what an input spends, or NONE. */
  spenderOf({ bytes, start }: Input): number {
    const slot = this.table.find(bytes, start);
    return slot === NONE ? NONE : this.table.getInt(slot, SPENDER);
  }

  /** The spend of an output that is not spent so far; `next` is the spend of the same entry made before, or NONE. */
  add({ bytes, start }: Input, spender: number, next: number, isValued: boolean): number {
    const slot = this.table.insert(bytes, start);
    this.table.setInt(slot, SPENDER, spender);
    this.table.setInt(slot, NEXT_OF_SPENDER, next);
    this.table.setUint(slot, IS_VALUED, Number(isValued));
    return slot;
  }

  /** Removes a spend and all that follow it. */
  removeFrom(first: number): void {
    for (let slot = first; slot !== NONE;) {
      const next = this.table.getInt(slot, NEXT_OF_SPENDER);
      this.table.remove(slot);
      slot = next;
    }
  }

  /** The spend of an output, or NONE; `txid` as it is on the wire. */
  find(txid: Buffer, index: number): number {
    txid.copy(this.outpoint);
    this.outpoint.writeUInt32LE(index, INDEX);
    return this.table.find(this.outpoint, 0);
  }

  /** The entry that makes a spend. */
  spender(slot: number): number {
    return this.table.getInt(slot, SPENDER);
  }

  /** Notes that the value of a spend is known; false if it was. */
  setValued(slot: number): boolean {
    if (this.table.getUint(slot, IS_VALUED) === 1) return false;
    this.table.setUint(slot, IS_VALUED, 1);
    return true;
  }
}
