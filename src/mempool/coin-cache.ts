import type { Transaction } from '../wire/transaction';
import { Generations } from '../lib/generations';
import { NONE, RecordTable } from '../lib/record-table';

/** A peer relayed the transaction to us. */
export const SEEN_RELAYED = 1;
/** The transaction is in a block of the best chain. */
export const SEEN_MINED = 2;
/** The transaction was in a block that left the best chain. */
export const SEEN_STALE = 4;
/** It left the relay view, or did not enter it, because another one spends one of the same outputs. */
export const SEEN_REPLACED = 8;
/** It left the relay view because it waited too long, or because the view was full. */
export const SEEN_EVICTED = 16;
/** Both reasons for which it left the view. */
export const SEEN_LEFT = SEEN_REPLACED | SEEN_EVICTED;

/** Fields of a record. */
const FLAGS = 0;
const FIRST_VALUE = 4;
const PAYLOAD_BYTES = 8;

/**
 * A generation also ends when it has this many outputs for each of its transactions; on mainnet it is under
 * 3.
 */
const MAX_OUTPUTS_PER_TRANSACTION = 4;

const HASH_BYTES = 32;

/** Transactions in the order in which they came, with the values of their outputs. */
class Coins {
  private readonly transactions = new RecordTable(HASH_BYTES, PAYLOAD_BYTES);
  private values = new Float64Array(256);
  private valueCount = 0;

  constructor(private readonly capacity: number) {}

  get isFull(): boolean {
    return (
      this.transactions.size >= this.capacity ||
      this.valueCount >= this.capacity * MAX_OUTPUTS_PER_TRANSACTION
    );
  }

  find(bytes: Buffer, start: number): number {
    return this.transactions.find(bytes, start);
  }

  add(txid: Buffer, { outputs }: Transaction): number {
    const slot = this.transactions.insert(txid, 0);
    this.transactions.setUint(slot, FIRST_VALUE, this.valueCount);
    const needed = this.valueCount + outputs.length;
    if (needed > this.values.length) {
      const values = new Float64Array(Math.max(needed, this.values.length * 2));
      values.set(this.values);
      this.values = values;
    }
    for (const { value } of outputs) this.values[this.valueCount++] = value;
    return slot;
  }

  flags(slot: number): number {
    return this.transactions.getUint(slot, FLAGS);
  }

  setFlags(slot: number, flags: number): void {
    this.transactions.setUint(slot, FLAGS, flags);
  }

  value(slot: number, index: number): number | undefined {
    // Nothing is ever removed, so the next slot's values follow this slot's.
    const next = slot + 1;
    const end =
      next < this.transactions.size ? this.transactions.getUint(next, FIRST_VALUE) : this.valueCount;
    const position = this.transactions.getUint(slot, FIRST_VALUE) + index;
    return position < end ? this.values[position] : undefined;
  }
}

/**
 * Remembers recent transactions, relayed or in blocks: the values of their outputs, and where they were seen.
 * It holds at least the last `capacity` transactions and at most twice as many, in two generations. When the
 * young generation is full, the old one is dropped. A txid is a hash over the values, so a known value is
 * right, whoever sent it.
 */
export class CoinCache {
  private readonly generations: Generations<Coins>;

  constructor({ capacity }: { readonly capacity: number }) {
    this.generations = new Generations(
      () => new Coins(capacity),
      (coins) => coins.isFull,
    );
  }

  /**
   * Records where a transaction was seen, in addition to earlier places.
   * @param txid its 32 bytes in wire order
   * @param away flags that it loses
   * @returns whether it was not remembered before
   */
  add(txid: Buffer, transaction: Transaction, seen: number, away = 0): boolean {
    if (this.mark(txid, seen, away)) return false;
    const coins = this.generations.forNewEntry();
    coins.setFlags(coins.add(txid, transaction), seen);
    return true;
  }

  /**
   * Where a transaction was seen and why it left the view, the flags above combined; 0 if it is not
   * remembered.
   */
  seen(bytes: Buffer, start = 0): number {
    const { young, old } = this.generations;
    const slot = young.find(bytes, start);
    if (slot !== NONE) return young.flags(slot);
    const oldSlot = old.find(bytes, start);
    return oldSlot === NONE ? 0 : old.flags(oldSlot);
  }

  /** Sets flags of a transaction, after it took away others; false if it is not remembered. */
  mark(txid: Buffer, set: number, away = 0): boolean {
    const { young, old } = this.generations;
    const slot = young.find(txid, 0);
    if (slot !== NONE) {
      young.setFlags(slot, (young.flags(slot) & ~away) | set);
      return true;
    }
    const oldSlot = old.find(txid, 0);
    if (oldSlot === NONE) return false;
    old.setFlags(oldSlot, (old.flags(oldSlot) & ~away) | set);
    return true;
  }

  /** Notes why a transaction left the view: SEEN_REPLACED, SEEN_EVICTED or 0. An earlier reason is lost. */
  setLeft(txid: Buffer, reason: number): void {
    this.mark(txid, reason, SEEN_LEFT);
  }

  /**
   * Value in satoshi of output `index` of the transaction whose hash begins at `start`; undefined if it is
   * not remembered.
   */
  value(bytes: Buffer, start: number, index: number): number | undefined {
    const { young, old } = this.generations;
    const slot = young.find(bytes, start);
    if (slot !== NONE) return young.value(slot, index);
    const oldSlot = old.find(bytes, start);
    return oldSlot === NONE ? undefined : old.value(oldSlot, index);
  }
}
