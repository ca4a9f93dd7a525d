import { ENTRY_BYTES } from '../../src/mempool/entries';
import type { MempoolEvents, RemovalReason } from '../../src/mempool/mempool-events';
import type { MempoolGauges, RelayViewOptions } from '../../src/mempool/relay-view';
import { ORDER_BYTES } from '../../src/mempool/order-fields';
import { heldBytes } from '../../src/mempool/raw-store';
import { SPEND_BYTES } from '../../src/mempool/spends';
import type { Block } from '../../src/wire/block';
import type { Transaction } from '../../src/wire/transaction';
import type { NaiveTransaction } from './naive-chunks';

interface Entry {
  readonly transaction: Transaction;
  arrived: number;
  /** Number of its block; 0 if it is in the view. */
  block: number;
  /** Whether its serialization is kept. */
  readonly kept: boolean;
}

const outpoints = ({ inputs }: Transaction): string[] =>
  inputs.map(({ prevTxid, prevIndex }) => `${prevTxid}:${prevIndex}`);
const parents = ({ inputs }: Transaction): string[] => inputs.map(({ prevTxid }) => prevTxid);

/**
 * The relay view as its documentation describes it: lists that are searched from end to end, and nothing is
 * dropped.
 */
export class NaiveView {
  readonly events: [keyof MempoolEvents, object][] = [];
  private entries: Entry[] = [];
  private readonly known = new Map<string, Transaction>();
  private readonly relayed = new Set<string>();
  private readonly mined = new Set<string>();
  private readonly stale = new Set<string>();
  /** Transactions of blocks that were disconnected since the last `settle`. */
  private displaced: string[] = [];
  private readonly announcements = new Set<string>();
  private readonly awaitsFee = new Set<string>();
  private waits: { child: string; parent: string }[] = [];
  private readonly numbers = new Map<string, number>();
  private lastBlock = 0;

  constructor(private readonly options: RelayViewOptions) {}

  announced(txid: string): void {
    this.announcements.add(txid);
  }

  add(transaction: Transaction, now: number): void {
    const { txid, size, vsize } = transaction;
    const first = !this.relayed.has(txid);
    this.relayed.add(txid);
    if (this.mined.has(txid) || this.entryOf(txid) !== undefined) {
      if (first) this.tellFeeAtOnce(transaction);
      return;
    }
    this.learn(transaction);
    const rivals = this.rivals(transaction);
    const fee = this.fee(transaction);
    if (first) this.conflicts(transaction);
    const paid = rivals.map((rival) => this.fee(rival.transaction));
    const sum = paid.reduce<number>((total, one) => total + (one ?? NaN), 0);
    if (rivals.some(({ block }) => block > 0) || (rivals.length > 0 && fee !== undefined && fee <= sum)) {
      if (first) this.tellFeeAtOnce(transaction);
      for (const child of this.childrenOf(txid)) if (child.block === 0) this.wait(child, txid);
      return;
    }
    for (const rival of rivals) this.removeTree(rival, 'replaced');
    const entry = { transaction, arrived: now, block: 0, kept: true };
    this.entries.push(entry);
    this.waits = this.waits.filter(({ parent }) => parent !== txid);
    for (const parent of parents(transaction)) {
      if (this.mined.has(parent) || this.entryOf(parent) !== undefined) continue;
      if (this.relayed.has(parent) || this.stale.has(parent) || this.announcements.has(parent))
        this.wait(entry, parent);
    }
    if (first) {
      this.events.push(['accepted', { txid, size, vsize }]);
      this.awaitsFee.add(txid);
      this.tellFee(transaction);
    }
    this.trim();
  }

  confirm(block: Block): void {
    this.numbers.set(block.wireHash, ++this.lastBlock);
    for (const transaction of block.transactions) {
      const { txid } = transaction;
      this.mined.add(txid);
      this.learn(transaction);
      this.waits = this.waits.filter(({ parent }) => parent !== txid);
      if (transaction.isCoinbase) continue;
      const entry = this.entryOf(txid);
      if (entry === undefined) {
        if (!this.relayed.has(txid)) this.conflicts(transaction);
        for (const rival of this.rivals(transaction)) {
          if (rival.block === 0) this.removeTree(rival, 'conflict');
          else this.forget(rival);
        }
      } else {
        if (entry.block === 0) this.left(entry, 'block');
        this.entries = this.entries.filter((other) => other !== entry);
      }
      this.entries.push({ transaction, arrived: 0, block: this.lastBlock, kept: entry?.kept ?? false });
    }
  }

  disconnect(hash: string, now: number): void {
    const number = this.numbers.get(hash);
    if (number === undefined) return;
    this.numbers.delete(hash);
    if (number === this.lastBlock) this.lastBlock -= 1;
    const back = this.entries.filter((entry) => entry.block === number);
    for (const entry of back) {
      this.entries = this.entries.filter((other) => other !== entry);
      this.mined.delete(entry.transaction.txid);
      this.stale.add(entry.transaction.txid);
      this.displaced.push(entry.transaction.txid);
      if (this.relayed.has(entry.transaction.txid)) this.entries.push({ ...entry, arrived: now, block: 0 });
    }
    for (const { transaction } of back)
      if (!this.relayed.has(transaction.txid))
        for (const child of this.childrenOf(transaction.txid))
          if (child.block === 0) this.wait(child, transaction.txid);
    this.trim();
  }

  settle(): void {
    const all = new Set(this.displaced);
    this.displaced = [];
    if (all.size === 0) return;
    const confirmed = [...all].filter((txid) => this.mined.has(txid)).length;
    const returned = this.view().filter(({ transaction: { txid } }) => all.has(txid)).length;
    this.events.push(['reorganised', { returned, confirmed, lost: all.size - confirmed - returned }]);
  }

  tick(now: number): void {
    for (const entry of this.view())
      if (now - entry.arrived >= this.options.expiryMs) this.removeTree(entry, 'expired');
  }

  unseen(block: Block): number {
    return block.transactions.filter(({ txid, isCoinbase }) => !isCoinbase && !this.relayed.has(txid)).length;
  }

  /** The serializations that are kept, by wtxid. */
  kept(): string[] {
    return this.entries.filter(({ kept }) => kept).map(({ transaction }) => transaction.wtxid);
  }

  gauges(): MempoolGauges {
    const transactions = this.view().map((entry) => entry.transaction);
    return {
      transactions: transactions.length,
      bytes: transactions.reduce((sum, { size }) => sum + size, 0),
      withFee: transactions.filter((transaction) => this.fee(transaction) !== undefined).length,
      orphans: new Set(this.waits.map(({ child }) => child)).size,
    };
  }

  /** The transactions of the view whose fee is known. */
  waiting(): NaiveTransaction[] {
    return this.view().flatMap(({ transaction }) => {
      const fee = this.fee(transaction);
      const { txid, vsize } = transaction;
      return fee === undefined ? [] : [{ txid, fee, vsize, parents: parents(transaction) }];
    });
  }

  private view(): Entry[] {
    return this.entries.filter(({ block }) => block === 0);
  }

  private entryOf(txid: string): Entry | undefined {
    return this.entries.find(({ transaction }) => transaction.txid === txid);
  }

  private childrenOf(txid: string): Entry[] {
    // A spend of an output that does not exist is not a descendant.
    const outputs = this.known.get(txid)?.outputs.map((_, index) => `${txid}:${index}`) ?? [];
    return this.entries.filter(({ transaction }) =>
      outpoints(transaction).some((outpoint) => outputs.includes(outpoint)),
    );
  }

  private rivals(transaction: Transaction): Entry[] {
    const mine = outpoints(transaction);
    return this.entries.filter((entry) =>
      outpoints(entry.transaction).some((outpoint) => mine.includes(outpoint)),
    );
  }

  private fee({ inputs, outputs }: Transaction): number | undefined {
    let fee = 0;
    for (const { prevTxid, prevIndex } of inputs)
      fee += this.known.get(prevTxid)?.outputs[prevIndex]?.value ?? NaN;
    for (const { value } of outputs) fee -= value;
    return fee >= 0 ? fee : undefined;
  }

  private conflicts(transaction: Transaction): void {
    for (const prevOut of outpoints(transaction))
      for (const rival of this.rivals(transaction))
        if (outpoints(rival.transaction).includes(prevOut))
          this.events.push([
            'conflict',
            {
              txid: transaction.txid,
              conflictsWith: rival.transaction.txid,
              prevOut,
              fee: this.fee(transaction),
              otherFee: this.fee(rival.transaction),
            },
          ]);
  }

  private learn(transaction: Transaction): void {
    if (this.known.has(transaction.txid)) return;
    this.known.set(transaction.txid, transaction);
    for (const child of this.childrenOf(transaction.txid)) this.tellFee(child.transaction);
  }

  private tellFeeAtOnce(transaction: Transaction): void {
    this.awaitsFee.add(transaction.txid);
    this.tellFee(transaction);
    this.awaitsFee.delete(transaction.txid);
  }

  private tellFee(transaction: Transaction): void {
    const { txid, size, vsize } = transaction;
    const fee = this.fee(transaction);
    if (fee === undefined || !this.awaitsFee.delete(txid)) return;
    this.events.push(['feeKnown', { txid, fee, size, vsize }]);
  }

  private wait({ transaction: { txid: child } }: Entry, parent: string): void {
    this.waits.push({ child, parent });
  }

  private left(entry: Entry, reason: RemovalReason): void {
    const { txid } = entry.transaction;
    this.waits = this.waits.filter(({ child }) => child !== txid);
    this.events.push(['removed', { txid, reason }]);
  }

  private removeTree(entry: Entry, reason: RemovalReason): void {
    if (entry.block !== 0 || !this.entries.includes(entry)) return;
    this.forget(entry);
    this.left(entry, reason);
    for (const child of this.childrenOf(entry.transaction.txid)) this.removeTree(child, reason);
  }

  private forget(entry: Entry): void {
    this.entries = this.entries.filter((other) => other !== entry);
    this.awaitsFee.delete(entry.transaction.txid);
  }

  private trim(): void {
    for (let view = this.view(); ; view = this.view()) {
      const bytes = view.reduce(
        (sum, { transaction, kept }) => sum + (kept ? heldBytes(transaction.size) : 0),
        0,
      );
      const inputs = view.reduce((sum, { transaction }) => sum + transaction.inputs.length, 0);
      const [oldest] = view;
      if (oldest === undefined) return;
      if (bytes + view.length * (ENTRY_BYTES + ORDER_BYTES) + inputs * SPEND_BYTES <= this.options.maxBytes)
        return;
      this.removeTree(oldest, 'evicted');
    }
  }
}
