import type { Transaction } from '../wire/transaction';
import type { Amounts } from './amounts';
import { Entries } from './entries';
import { RawStore } from './raw-store';
import { NONE } from '../lib/record-table';
import { Spends } from './spends';

const HASH_BYTES = 32;

/** The kept transactions and the outputs that they spend, so that descendants can be found. */
export class Graph {
  readonly entries = new Entries();
  readonly spends = new Spends();
  readonly raws = new RawStore();
  private readonly wtxid = Buffer.alloc(HASH_BYTES);

  /** Makes an entry whose inputs nothing else spends; it is in no list yet. */
  add(txid: Buffer, transaction: Transaction, bill: Amounts): number {
    const slot = this.entries.add(txid, transaction, bill);
    let spend = NONE;
    transaction.inputs.forEach((input, i) => {
      // An unchecked block may spend an output twice in one transaction.
      if (this.spends.spenderOf(input) !== NONE) return;
      spend = this.spends.add(input, slot, spend, bill.values[i] !== undefined);
    });
    this.entries.setFirstSpend(slot, spend);
    return slot;
  }

  /** Keeps the serialization of an entry that is in no list yet. */
  keepRaw(slot: number, { bytes, start, end, wireWtxid }: Transaction): void {
    this.wtxid.write(wireWtxid, 'latin1');
    this.entries.setRaw(slot, this.raws.add(bytes, start, end), this.wtxid);
  }

  /** Removes an entry that is in no list, its spends and its serialization. */
  remove(slot: number): void {
    const raw = this.entries.raw(slot);
    if (raw !== NONE) this.raws.remove(raw);
    this.spends.removeFrom(this.entries.firstSpend(slot));
    this.entries.remove(slot);
  }

  /** The entries that spend one of the first `outputs` outputs of a transaction, once for each output. */
  spenders(txid: Buffer, outputs: number): number[] {
    const slots: number[] = [];
    for (let index = 0; index < outputs; index++) {
      const spend = this.spends.find(txid, index);
      if (spend !== NONE) slots.push(this.spends.spender(spend));
    }
    return slots;
  }
}
