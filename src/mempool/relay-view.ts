import type { EventBus } from '../lib/event-bus';
import type { InventoryItem } from '../wire/messages/inventory';
import type { Block } from '../wire/block';
import type { Input } from '../wire/input';
import type { Transaction } from '../wire/transaction';
import { amountsOf } from './amounts';
import { CoinCache, SEEN_MINED, SEEN_RELAYED, SEEN_STALE } from './coin-cache';
import { ENTRY_BYTES } from './entries';
import type { MempoolEvents, RemovalReason } from './mempool-events';
import { Graph } from './graph';
import { KeptBlocks } from './kept-blocks';
import { MissingParents } from './missing-parents';
import { NONE } from '../lib/record-table';
import { RelayedTransactions } from './relayed-transactions';
import { Reporter } from './reporter';
import { replaces, conflictsOf } from './conflicts';
import { SPEND_BYTES } from './spends';

/** Bounds of the relay view. */
export interface RelayViewOptions {
  /**
   * The most memory, in bytes, that the transactions of the view take: as serialized, and what else is kept of each. Those of
   * the last 12 blocks are kept beside it, at most 4 MB of each.
   */
  readonly maxBytes: number;
  /** How long a transaction may wait for a block. */
  readonly expiryMs: number;
  /**
   * The least transactions whose output values are remembered, and half of the most. Each takes about 70 bytes; mainnet has
   * about 500,000 a day.
   */
  readonly coinTransactions: number;
}

/** What a relay view works with. */
export interface RelayViewModules {
  readonly bus: EventBus<MempoolEvents>;
  /** Where there is a set of unspent outputs: has the output that an input spends looked up there, for `learn`. */
  readonly lookUp?: ((input: Input) => void) | undefined;
}

/** The state of the relay view. */
export interface MempoolGauges {
  /** Transactions that were relayed and that no block holds. */
  readonly transactions: number;
  /** Their serialized size in bytes. */
  readonly bytes: number;
  /** Of these, transactions whose fee is known. */
  readonly withFee: number;
  /**
   * Of these, transactions that wait for a parent known to be unconfirmed and not in the view: it was relayed but was
   * refused, replaced, evicted or expired; or it was never relayed, in a block that has left the best chain; or it had been
   * announced under its txid before the child came, and has come neither alone nor in a block. A listener has no list of
   * unspent outputs: a parent of which it never heard counts as confirmed.
   */
  readonly orphans: number;
}

/**
 * The relay view: what was relayed to us and no block holds yet, as far as a listener can know that checks no signature and
 * has no list of unspent outputs.
 *
 * Of two transactions that spend one output, one is in the view. The later takes the place of the earlier and of what is
 * built on it, since no honest peer relays it before its own mempool has made that exchange; unless both fees are known
 * and the later does not pay more (BIP125, rules 3 and 4), when it is the earlier that replaced it and we heard of them in the wrong
 * order; and unless a block holds the earlier. When the view is full the oldest leaves.
 */
export class RelayView {
  private readonly graph = new Graph();
  private readonly entries = this.graph.entries;
  private readonly coins: CoinCache;
  private readonly parents: MissingParents;
  private readonly reporter: Reporter;
  private readonly blocks = new KeptBlocks();
  private readonly txid = Buffer.alloc(32);

  /** Those of which the serialization is kept. */
  readonly relayed: RelayedTransactions;

  constructor(
    private readonly options: RelayViewOptions,
    private readonly modules: RelayViewModules,
  ) {
    this.coins = new CoinCache({ capacity: options.coinTransactions });
    this.parents = new MissingParents({ graph: this.graph, coins: this.coins });
    this.relayed = new RelayedTransactions(this.graph);
    this.reporter = new Reporter({ entries: this.entries, bus: modules.bus });
  }

  /** Takes what a peer announced; items that are no transactions are ignored. */
  announced(items: readonly InventoryItem[]): void {
    this.parents.announced(items);
  }

  /**
   * Takes a relayed transaction that passed the checks without context (`checkSanity`) and is no coinbase. One that is in the view
   * or in a block already, with this witness or another, changes nothing in it.
   * @param nowMs monotonic time
   * @returns its fee in satoshi, where all outputs that it spends are known
   */
  add(transaction: Transaction, nowMs: number): number | undefined {
    const txid = this.wireId(transaction);
    const seen = this.coins.seen(txid);
    const known = this.entries.find(txid);
    if (known !== NONE || (seen & SEEN_MINED) !== 0) {
      const { fee } = amountsOf(transaction, this.coins);
      if (!this.wasRelayed(txid)) this.reporter.feeAtOnce(transaction, fee);
      if (known !== NONE) this.entries.setRelayed(known);
      this.coins.setSeen(txid, seen | SEEN_RELAYED);
      return fee;
    }
    const isFirst = (seen & SEEN_RELAYED) === 0;
    this.remember(txid, transaction, SEEN_RELAYED);

    const bill = amountsOf(transaction, this.coins);
    const rivals = conflictsOf(transaction, this.graph.spends);
    if (isFirst) this.reporter.conflicts(transaction, bill.fee, rivals);
    if (!replaces(bill.fee, rivals, this.entries)) {
      if (isFirst) this.reporter.feeAtOnce(transaction, bill.fee);
      this.parents.missing(txid, transaction.outputs.length);
      return bill.fee;
    }
    for (const { slot } of rivals) this.removeTree(slot, 'replaced');

    const slot = this.graph.add(txid, transaction, bill);
    this.graph.keepRaw(slot, transaction);
    this.entries.setRelayed(slot);
    this.entries.pushToView(slot, nowMs);
    this.parents.arrived(transaction.wireTxid);
    this.parents.entered(slot, transaction);
    if (isFirst) this.reporter.accepted(slot, transaction);
    this.trim();
    const { lookUp } = this.modules;
    if (lookUp !== undefined)
      transaction.inputs.forEach((input, i) => {
        if (bill.values[i] === undefined) lookUp(input);
      });
    return bill.fee;
  }

  /**
   * Takes the value in satoshi of an output that was not known; does nothing where no transaction here waits for it.
   * @param txid its 32 bytes as they are on the wire
   */
  learn(txid: Buffer, index: number, value: number): void {
    const { spends } = this.graph;
    const spend = spends.find(txid, index);
    if (spend === NONE || !spends.setValued(spend)) return;
    const slot = spends.spender(spend);
    this.entries.addValue(slot, value);
    this.reporter.fee(slot);
  }

  /** Takes a block that joined the best chain: its transactions leave the view, and what cannot stand beside them. */
  confirm(block: Block): void {
    const number = this.blocks.add(block.hash);
    for (const transaction of block.transactions) this.mine(transaction, number);
    for (let slot = this.entries.mined.first; slot !== NONE; slot = this.entries.mined.first) {
      if (this.entries.block(slot) >= this.blocks.oldest) break;
      this.drop(slot);
    }
  }

  /**
   * Takes back one of the last 12 blocks, which a reorganisation put off the best chain: the transactions in it that were
   * relayed are in the view again, as new; what is built on the others now lacks a parent. To be called for each such block,
   * the last first, before the blocks that take their place are confirmed.
   */
  disconnect(hash: string, nowMs: number): void {
    const number = this.blocks.take(hash);
    if (number === undefined) return;
    const unseen: number[] = [];
    let next: number;
    for (let slot = this.entries.mined.first; slot !== NONE; slot = next) {
      next = this.entries.after(slot);
      if (this.entries.block(slot) !== number) continue;
      const txid = this.entries.key(slot);
      this.coins.setSeen(txid, (this.coins.seen(txid) & ~SEEN_MINED) | SEEN_STALE);
      if (this.entries.isRelayed(slot)) {
        this.entries.unlink(slot);
        this.entries.pushToView(slot, nowMs);
      } else {
        unseen.push(slot);
      }
    }
    for (const slot of unseen) {
      this.parents.missing(this.entries.key(slot), this.entries.outputs(slot));
      this.drop(slot);
    }
    this.trim();
  }

  /**
   * How many transactions of a block were never relayed to us, its coinbase aside. What is neither in the view nor among the
   * transactions that are remembered (`coinTransactions`) counts as never relayed.
   */
  unseen(block: Block): number {
    let count = 0;
    for (const transaction of block.transactions)
      if (!transaction.isCoinbase && !this.wasRelayed(this.wireId(transaction))) count += 1;
    return count;
  }

  /** Lets transactions go that have waited for too long; to be called every minute or so. */
  tick(nowMs: number): void {
    for (let slot = this.entries.view.first; slot !== NONE; slot = this.entries.view.first) {
      if (nowMs - this.entries.arrived(slot) < this.options.expiryMs) return;
      this.removeTree(slot, 'expired');
    }
  }

  /** The state now. */
  gauges(): MempoolGauges {
    const { count, bytes, withFee } = this.entries.view;
    return { transactions: count, bytes, withFee, orphans: this.parents.waiting };
  }

  private mine(transaction: Transaction, block: number): void {
    const txid = this.wireId(transaction);
    const wasRelayed = this.wasRelayed(txid);
    this.remember(txid, transaction, SEEN_MINED);
    this.parents.arrived(transaction.wireTxid);
    if (transaction.isCoinbase) return;
    let slot = this.entries.find(txid);
    if (slot === NONE) {
      const bill = amountsOf(transaction, this.coins);
      const rivals = conflictsOf(transaction, this.graph.spends);
      if (!wasRelayed) this.reporter.conflicts(transaction, bill.fee, rivals);
      for (const rival of rivals) {
        if (this.entries.isMined(rival.slot)) this.drop(rival.slot);
        else this.removeTree(rival.slot, 'conflict');
      }
      slot = this.graph.add(txid, transaction, bill);
      if (wasRelayed) this.entries.setRelayed(slot);
    } else if (this.entries.isInView(slot)) {
      this.leaveView(slot, 'block');
    } else {
      this.entries.unlink(slot);
    }
    this.entries.pushToMined(slot, block);
  }

  private wasRelayed(txid: Buffer): boolean {
    const slot = this.entries.find(txid);
    return (slot !== NONE && this.entries.isRelayed(slot)) || (this.coins.seen(txid) & SEEN_RELAYED) !== 0;
  }

  /** Notes where a transaction was seen; where its outputs were not known, those that spend them get their values. */
  private remember(txid: Buffer, transaction: Transaction, seen: number): void {
    if (!this.coins.add(txid, transaction, seen)) return;
    transaction.outputs.forEach(({ value }, index) => this.learn(txid, index, value));
  }

  /** Takes an entry out of the view and keeps it. */
  private leaveView(slot: number, reason: RemovalReason): void {
    this.entries.unlink(slot);
    this.parents.forget(slot);
    this.reporter.removed(slot, reason);
  }

  /** Removes a transaction from the view with all that is built on it, if it is still there. */
  private removeTree(root: number, reason: RemovalReason): void {
    const stack = [root];
    for (let slot = stack.pop(); slot !== undefined; slot = stack.pop()) {
      if (!this.entries.isInView(slot)) continue;
      for (const child of this.graph.spenders(this.entries.key(slot), this.entries.outputs(slot)))
        stack.push(child);
      this.leaveView(slot, reason);
      this.graph.remove(slot);
    }
  }

  /** Forgets an entry of a block. */
  private drop(slot: number): void {
    this.entries.unlink(slot);
    this.graph.remove(slot);
  }

  /** Lets the oldest go until what is left is within the bound. */
  private trim(): void {
    const { view } = this.entries;
    while (
      view.first !== NONE &&
      view.rawBytes + view.count * ENTRY_BYTES + view.inputs * SPEND_BYTES > this.options.maxBytes
    )
      this.removeTree(view.first, 'evicted');
  }

  /** The 32 bytes of a txid as they are on the wire; good until the next call. */
  private wireId({ wireTxid }: Transaction): Buffer {
    this.txid.write(wireTxid, 'latin1');
    return this.txid;
  }
}
