import { type Hash, readHash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import { type Amounts, feeOf } from './amounts';
import { heldBytes } from './raw-store';
import { NONE, RecordTable } from '../lib/record-table';

/** Fields of a record. */
const SIZE = 0;
const VSIZE = 4;
const OUTPUTS = 8;
const INPUTS = 12;
const UNKNOWN_INPUTS = 16;
const FIRST_SPEND = 20;
const BEFORE = 24;
const AFTER = 28;
const BLOCK = 32;
const FLAGS = 36;
const AWAITS_FEE = 40;
const BALANCE = 44;
const ARRIVED = 52;
const RAW = 60;
const WTXID = 64;
const PAYLOAD_BYTES = 96;

const HASH_BYTES = 32;

/** Bits of the field FLAGS. */
const RELAYED = 1;
const STANDARD = 2;

/** Value of BLOCK for an entry in the view, and for a removed one. */
const NO_BLOCK = 0;
const GONE = 0xffff_ffff;

/** Memory of an entry in bytes: its record, and its slots in a hash table that is half full. */
export const ENTRY_BYTES = 4 + HASH_BYTES + PAYLOAD_BYTES + 8;

/** Entries in the order in which they were added, with totals. */
class EntryList {
  first = NONE;
  last = NONE;
  count = 0;
  /** Serialized size of the transactions. */
  bytes = 0;
  /** Memory used by those serializations that are kept. */
  rawBytes = 0;
  inputs = 0;
  /** Number of entries with a known fee. */
  withFee = 0;
}

/**
 * The data kept for each transaction, by slot. A relayed transaction is kept while it is in the view, one in
 * a block for some blocks. An entry is in at most one of the lists `view` and `mined`.
 */
export class Entries {
  /** Relayed, and in no block; oldest first. */
  readonly view = new EntryList();
  /** In one of the last blocks; deepest first. */
  readonly mined = new EntryList();
  /** Sets that follow the kept serializations: a slot is added to each set when its own is kept. */
  readonly rawLogs = new Set<Set<number>>();
  private readonly table = new RecordTable(HASH_BYTES, PAYLOAD_BYTES);
  private readonly lastKey = Buffer.alloc(HASH_BYTES);
  private readonly lastWtxid = Buffer.alloc(HASH_BYTES);

  /** A number that is higher than each slot. */
  get slots(): number {
    return this.table.slots;
  }

  /** The entry of the transaction whose hash begins at `start`, or NONE. */
  find(bytes: Buffer, start = 0): number {
    return this.table.find(bytes, start);
  }

  /** Makes an entry, which is in no list yet. */
  add(txid: Buffer, { size, vsize, inputs, outputs }: Transaction, bill: Amounts): number {
    const slot = this.table.insert(txid, 0);
    this.table.setDouble(slot, BALANCE, bill.balance);
    this.table.setUint(slot, UNKNOWN_INPUTS, bill.unknownInputs);
    this.table.setUint(slot, SIZE, size);
    this.table.setUint(slot, VSIZE, vsize);
    this.table.setUint(slot, INPUTS, inputs.length);
    this.table.setUint(slot, OUTPUTS, outputs.length);
    this.table.setInt(slot, FIRST_SPEND, NONE);
    this.table.setInt(slot, RAW, NONE);
    return slot;
  }

  /** Removes an entry that is in no list. */
  remove(slot: number): void {
    this.table.setUint(slot, BLOCK, GONE);
    this.table.setInt(slot, RAW, NONE);
    this.table.remove(slot);
  }

  /** Appends an entry that is in no list to the view. */
  pushToView(slot: number, nowMs: number): void {
    this.table.setUint(slot, BLOCK, NO_BLOCK);
    this.table.setDouble(slot, ARRIVED, nowMs);
    this.push(this.view, slot);
  }

  /** Appends an entry that is in no list to the mined ones. `block` is a number above 0. */
  pushToMined(slot: number, block: number): void {
    this.table.setUint(slot, BLOCK, block);
    this.push(this.mined, slot);
  }

  /** Takes an entry out of its list. */
  unlink(slot: number): void {
    const list = this.listOf(slot);
    const before = this.table.getInt(slot, BEFORE);
    const after = this.after(slot);
    if (before === NONE) list.first = after;
    else this.table.setInt(before, AFTER, after);
    if (after === NONE) list.last = before;
    else this.table.setInt(after, BEFORE, before);
    this.count(list, slot, -1);
  }

  /** The next entry in its list, or NONE. */
  after(slot: number): number {
    return this.table.getInt(slot, AFTER);
  }

  txid(slot: number): Hash {
    return readHash(this.key(slot), 0);
  }

  /** The 32 bytes of the txid; good until the next call. */
  key(slot: number): Buffer {
    this.table.copyKey(slot, this.lastKey);
    return this.lastKey;
  }

  size(slot: number): number {
    return this.table.getUint(slot, SIZE);
  }

  vsize(slot: number): number {
    return this.table.getUint(slot, VSIZE);
  }

  outputs(slot: number): number {
    return this.table.getUint(slot, OUTPUTS);
  }

  /** When it entered the view: the time that was passed to `pushToView`. */
  arrived(slot: number): number {
    return this.table.getDouble(slot, ARRIVED);
  }

  /** The block of a mined entry: the number that was passed to `pushToMined`. */
  block(slot: number): number {
    return this.table.getUint(slot, BLOCK);
  }

  /** Whether the slot is an entry in the view. The slot may have been removed since. */
  isInView(slot: number): boolean {
    return this.block(slot) === NO_BLOCK;
  }

  /** Whether the slot is an entry in a block. The slot may have been removed since. */
  isMined(slot: number): boolean {
    const block = this.block(slot);
    return block !== NO_BLOCK && block !== GONE;
  }

  /** Whether it was relayed, regardless of blocks. */
  isRelayed(slot: number): boolean {
    return (this.table.getUint(slot, FLAGS) & RELAYED) !== 0;
  }

  setRelayed(slot: number): void {
    this.setFlag(slot, RELAYED);
  }

  /** Whether the relay policy called it standard when it was relayed. */
  isStandard(slot: number): boolean {
    return (this.table.getUint(slot, FLAGS) & STANDARD) !== 0;
  }

  setStandard(slot: number): void {
    this.setFlag(slot, STANDARD);
  }

  /** Whether its fee must be reported as soon as it is known. */
  awaitsFee(slot: number): boolean {
    return this.table.getUint(slot, AWAITS_FEE) === 1;
  }

  setAwaitsFee(slot: number, awaits: boolean): void {
    this.table.setUint(slot, AWAITS_FEE, Number(awaits));
  }

  /** Where its serialization is kept (`RawStore`), or NONE. */
  raw(slot: number): number {
    return this.table.getInt(slot, RAW);
  }

  /**
   * Records where the serialization of an entry that is in no list yet is kept, and the wtxid, which is its
   * hash.
   */
  setRaw(slot: number, raw: number, wtxid: Buffer): void {
    this.table.setInt(slot, RAW, raw);
    this.table.setBytes(slot, WTXID, wtxid);
    for (const log of this.rawLogs) log.add(slot);
  }

  /** The wtxid of an entry whose serialization is kept. */
  wtxid(slot: number): Hash {
    this.table.copyBytes(slot, WTXID, this.lastWtxid);
    return readHash(this.lastWtxid, 0);
  }

  /**
   * Calls `visit` for each entry with a kept serialization until it returns false, for slots from `from` to
   * before `to`. The 32 bytes of the wtxid are in `memory` from `start`. No entry may be added meanwhile.
   */
  eachRaw(visit: (memory: DataView, start: number, slot: number) => boolean, from = 0, to = Infinity): void {
    const { memory, slots } = this.table;
    const end = Math.min(to, slots);
    for (let slot = from; slot < end; slot++)
      if (this.raw(slot) !== NONE && !visit(memory, this.table.offset(slot, WTXID), slot)) return;
  }

  /** The newest of its spends (`Spends`); the others are linked from it. */
  firstSpend(slot: number): number {
    return this.table.getInt(slot, FIRST_SPEND);
  }

  setFirstSpend(slot: number, spend: number): void {
    this.table.setInt(slot, FIRST_SPEND, spend);
  }

  /** Adds the value of an input that was unknown, to an entry that is in a list. */
  addValue(slot: number, value: number): void {
    this.table.setDouble(slot, BALANCE, this.table.getDouble(slot, BALANCE) + value);
    this.table.setUint(slot, UNKNOWN_INPUTS, this.table.getUint(slot, UNKNOWN_INPUTS) - 1);
    if (this.fee(slot) !== undefined) this.listOf(slot).withFee += 1;
  }

  /**
   * Fee in satoshi. Undefined while the value of an input is unknown, and if the outputs exceed the inputs.
   */
  fee(slot: number): number | undefined {
    return feeOf(this.table.getDouble(slot, BALANCE), this.table.getUint(slot, UNKNOWN_INPUTS));
  }

  private setFlag(slot: number, flag: number): void {
    this.table.setUint(slot, FLAGS, this.table.getUint(slot, FLAGS) | flag);
  }

  private push(list: EntryList, slot: number): void {
    this.table.setInt(slot, BEFORE, list.last);
    this.table.setInt(slot, AFTER, NONE);
    if (list.last === NONE) list.first = slot;
    else this.table.setInt(list.last, AFTER, slot);
    list.last = slot;
    this.count(list, slot, 1);
  }

  private inputs(slot: number): number {
    return this.table.getUint(slot, INPUTS);
  }

  private listOf(slot: number): EntryList {
    return this.isMined(slot) ? this.mined : this.view;
  }

  private count(list: EntryList, slot: number, sign: 1 | -1): void {
    list.count += sign;
    list.bytes += sign * this.size(slot);
    list.inputs += sign * this.inputs(slot);
    if (this.raw(slot) !== NONE) list.rawBytes += sign * heldBytes(this.size(slot));
    if (this.fee(slot) !== undefined) list.withFee += sign;
  }
}
