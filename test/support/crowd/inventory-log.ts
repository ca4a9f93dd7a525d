import { compactSize } from '../transaction';
import { INV_TX, INV_WTX } from '../../../src/wire/messages/inventory';

const ITEM_BYTES = 36;
const FIRST_ITEMS = 1_024;

/** Transactions in the order in which they were made, as bytes of inventory items by both of their ids. */
export class InventoryLog {
  private byTxid = Buffer.alloc(FIRST_ITEMS * ITEM_BYTES);
  private byWtxid = Buffer.alloc(FIRST_ITEMS * ITEM_BYTES);
  /** When each was made. */
  readonly madeMs: number[] = [];

  get size(): number {
    return this.madeMs.length;
  }

  add({ txid, wtxid }: { readonly txid: Buffer; readonly wtxid: Buffer }, nowMs: number): void {
    const at = this.size * ITEM_BYTES;
    if (at === this.byTxid.length) {
      this.byTxid = Buffer.concat([this.byTxid, Buffer.alloc(at)]);
      this.byWtxid = Buffer.concat([this.byWtxid, Buffer.alloc(at)]);
    }
    this.byTxid.writeUInt32LE(INV_TX, at);
    txid.copy(this.byTxid, at + 4);
    this.byWtxid.writeUInt32LE(INV_WTX, at);
    wtxid.copy(this.byWtxid, at + 4);
    this.madeMs.push(nowMs);
  }

  /** The payload of an `inv` of the transactions from `from` to before `to`. */
  payload(from: number, to: number, isByWtxid: boolean): Buffer {
    const items = isByWtxid ? this.byWtxid : this.byTxid;
    return Buffer.concat([compactSize(to - from), items.subarray(from * ITEM_BYTES, to * ITEM_BYTES)]);
  }
}
