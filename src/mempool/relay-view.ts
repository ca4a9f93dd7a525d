import type { EventBus } from '../lib/event-bus';
import type { InventoryItem } from '../wire/messages/inventory';
import type { Block } from '../wire/block';
import { type Hash, readHash } from '../wire/hash';
import type { Input } from '../wire/input';
import type { PolicyName } from '../policy/standardness';
import type { Transaction } from '../wire/transaction';
import { amountsOf } from './amounts';
import { BlockExaminer } from './block-examiner';
import { CoinCache, SEEN_LEFT, SEEN_MINED, SEEN_RELAYED, SEEN_REPLACED, SEEN_STALE } from './coin-cache';
import { Displaced } from './displaced';
import { Fates } from './fates';
import { FeeOrder } from './fee-order';
import type { MempoolEvents } from './mempool-events';
import { Graph } from './graph';
import { KeptBlocks } from './kept-blocks';
import { MissingParents } from './missing-parents';
import { NONE } from '../lib/record-table';
import { RelayedTransactions } from './relayed-transactions';
import { Removal } from './removal';
import { type Replaced, Reporter } from './reporter';
import { type ConflictingEntry, conflictsOf, replaces } from './conflicts';
import { WaitingTransactions } from './waiting-transactions';

/** Limits of the relay view. */
export interface RelayViewOptions {
  /**
   * Most memory, in bytes, for the transactions of the view: their serializations and the other data kept for
   * each. The transactions of the last 12 blocks are kept in addition, at most 4 MB for each block.
   */
  readonly maxBytes: number;
  /** How long a transaction may wait for a block. */
  readonly expiryMs: number;
  /**
   * Least number of transactions whose output values are remembered; the most is twice that. Each takes about
   * 70 bytes. Mainnet has about 500,000 a day.
   */
  readonly coinTransactions: number;
}

export interface RelayViewModules {
  readonly bus: EventBus<MempoolEvents>;
  /**
   * Set if there is a set of unspent outputs: looks up the output that an input spends, and passes it to
   * `learn`.
   */
  readonly lookUp?: ((input: Input) => void) | undefined;
}

/** The state of the relay view. */
export interface MempoolGauges {
  /** Relayed transactions that no block contains. */
  readonly transactions: number;
  /** Their serialized size in bytes. */
  readonly bytes: number;
  /** How many of them have a known fee. */
  readonly withFee: number;
  /**
   * How many of them wait for a parent that is known to be unconfirmed and is not in the view. Either the
   * parent was relayed and then refused, replaced, evicted or expired. Or it was never relayed, and its block
   * left the best chain. Or it was announced by txid before the child arrived, and has not arrived since,
   * neither alone nor in a block. A listener has no list of unspent outputs, so a parent that it never heard
   * of counts as confirmed.
   */
  readonly orphans: number;
}

/**
 * The relay view: relayed transactions that no block contains yet. It is as exact as a listener can be that
 * checks no signatures and has no list of unspent outputs.
 *
 * Of two transactions that spend one output, only one is in the view. The later one replaces the earlier one
 * and its descendants, because no honest peer relays it before its own mempool has made that replacement.
 * There are two exceptions. If both fees are known and the later one does not pay more (BIP125, rules 3 and
 * 4), then the earlier one replaced it, and we received them in the wrong order. And a transaction in a block
 * is never replaced. When the view is full, the oldest transaction leaves.
 */
export class RelayView {
  private readonly graph = new Graph();
  private readonly entries = this.graph.entries;
  private readonly order = new FeeOrder(this.graph);
  private readonly coins: CoinCache;
  private readonly parents: MissingParents;
  private readonly reporter: Reporter;
  private readonly removal: Removal;
  private readonly blocks = new KeptBlocks();
  private readonly displaced = new Displaced();
  private readonly txid = Buffer.alloc(32);

  /** The transactions whose serialization is kept. */
  readonly relayed: RelayedTransactions;
  /** The transactions of the view by their fees. */
  readonly waiting = new WaitingTransactions(this.graph, this.order);

  constructor(
    options: RelayViewOptions,
    private readonly modules: RelayViewModules,
  ) {
    this.coins = new CoinCache({ capacity: options.coinTransactions });
    this.parents = new MissingParents({ graph: this.graph, coins: this.coins });
    this.relayed = new RelayedTransactions(this.graph);
    this.reporter = new Reporter({ entries: this.entries, bus: modules.bus });
    const { graph, coins, parents, order, reporter } = this;
    this.removal = new Removal(options, { graph, coins, parents, order, reporter });
  }

  /** Records what a peer announced; items that are not transactions are ignored. */
  announced(items: readonly InventoryItem[]): void {
    this.parents.announced(items);
  }

  /**
   * Adds a relayed transaction that passed the checks without context (`checkSanity`) and is no coinbase. If
   * it is already in the view or in a block, with any witness, the view does not change.
   * @param nowMs monotonic time
   * @returns its fee in satoshi; undefined unless all outputs that it spends are known
   */
  add(transaction: Transaction, nowMs: number): number | undefined {
    const txid = this.wireId(transaction);
    const seen = this.coins.seen(txid);
    const known = this.entries.find(txid);
    if (known !== NONE || (seen & SEEN_MINED) !== 0) {
      const { fee } = amountsOf(transaction, this.coins);
      if (!this.wasRelayed(txid)) this.reporter.feeAtOnce(transaction, fee);
      if (known !== NONE) this.entries.setRelayed(known);
      this.coins.mark(txid, SEEN_RELAYED);
      return fee;
    }
    const isFirst = (seen & SEEN_RELAYED) === 0;
    this.remember(txid, transaction, SEEN_RELAYED);

    const bill = amountsOf(transaction, this.coins);
    const rivals = conflictsOf(transaction, this.graph.spends);
    if (isFirst) this.reporter.conflicts(transaction, bill.fee, rivals);
    if (!replaces(bill.fee, rivals, this.entries)) {
      if (isFirst) this.reporter.feeAtOnce(transaction, bill.fee);
      this.coins.setLeft(txid, SEEN_REPLACED);
      this.parents.missing(txid, transaction.outputs.length);
      return bill.fee;
    }
    const replacement = this.replace(rivals, nowMs);
    const slot = this.graph.add(txid, transaction, bill);
    this.graph.keepRaw(slot, transaction);
    this.entries.setRelayed(slot);
    this.entries.pushToView(slot, nowMs);
    this.order.entered(slot);
    this.parents.arrived(transaction.wireTxid);
    this.parents.entered(slot, transaction);
    if (isFirst) this.reporter.accepted(slot, transaction);
    if (replacement !== undefined) this.reporter.replacement(transaction, bill.fee, replacement);
    this.removal.trim();
    const { lookUp } = this.modules;
    if (lookUp !== undefined)
      transaction.inputs.forEach((input, i) => {
        if (bill.values[i] === undefined) lookUp(input);
      });
    return bill.fee;
  }

  /**
   * Adds the value in satoshi of an output that was unknown. Does nothing if no transaction here waits for
   * it.
   * @param txid its 32 bytes in wire order
   */
  learn(txid: Buffer, index: number, value: number): void {
    const { spends } = this.graph;
    const spend = spends.find(txid, index);
    if (spend === NONE || !spends.setValued(spend)) return;
    const slot = spends.spender(spend);
    this.entries.addValue(slot, value);
    if (this.entries.isInView(slot) && this.entries.fee(slot) !== undefined) this.order.entered(slot);
    this.reporter.fee(slot);
  }

  /**
   * Applies a block that joined the best chain: its transactions leave the view, and so do those that
   * conflict with them.
   */
  confirm(block: Block): void {
    const number = this.blocks.add(block.wireHash);
    for (const transaction of block.transactions) this.mine(transaction, number);
    for (let slot = this.entries.mined.first; slot !== NONE; slot = this.entries.mined.first) {
      if (this.entries.block(slot) >= this.blocks.oldest) break;
      this.removal.drop(slot);
    }
  }

  /**
   * Takes back one of the last 12 blocks, which a reorganisation removed from the best chain. Its relayed
   * transactions return to the view as new ones. Children of its other transactions now lack a parent. Must
   * be called for each such block, the highest first, before the blocks that replace them are confirmed.
   */
  disconnect(hash: Hash, nowMs: number): void {
    const number = this.blocks.take(hash);
    if (number === undefined) return;
    const unseen: number[] = [];
    let next: number;
    for (let slot = this.entries.mined.first; slot !== NONE; slot = next) {
      next = this.entries.after(slot);
      if (this.entries.block(slot) !== number) continue;
      const txid = this.entries.key(slot);
      this.displaced.add(readHash(txid, 0));
      this.coins.mark(txid, SEEN_STALE, SEEN_MINED);
      if (this.entries.isRelayed(slot)) {
        this.entries.unlink(slot);
        this.entries.pushToView(slot, nowMs);
        this.order.entered(slot);
      } else {
        unseen.push(slot);
      }
    }
    for (const slot of unseen) {
      this.parents.missing(this.entries.key(slot), this.entries.outputs(slot));
      this.removal.drop(slot);
    }
    this.removal.trim();
  }

  /** Tells what became of the transactions of disconnected blocks. Call it when a block is the best one. */
  settle(): void {
    const txids = this.displaced.take();
    if (txids === undefined) return;
    let returned = 0;
    let confirmed = 0;
    for (const txid of txids) {
      this.txid.write(txid, 'latin1');
      const slot = this.entries.find(this.txid);
      if ((this.coins.seen(this.txid) & SEEN_MINED) !== 0) confirmed += 1;
      else if (slot !== NONE && this.entries.isInView(slot)) returned += 1;
    }
    this.reporter.reorganised({ returned, confirmed, lost: txids.length - returned - confirmed });
  }

  /** Notes that a relayed transaction is standard by the policy of the `examiner`. */
  judgedStandard(transaction: Transaction): void {
    const slot = this.entries.find(this.wireId(transaction));
    if (slot !== NONE && this.entries.size(slot) === transaction.size) this.entries.setStandard(slot);
  }

  /** Looks through blocks. @param policy by which transactions are standard */
  examiner(policy: PolicyName): BlockExaminer {
    const { graph, coins, waiting } = this;
    return new BlockExaminer(policy, { graph, coins, waiting });
  }

  /** What became of transactions, as compact blocks ask. @param policy by which a transaction is standard */
  fates(policy: PolicyName): Fates {
    const { graph, coins } = this;
    return new Fates(policy, { graph, coins });
  }

  /** Removes expired transactions. Call it about once a minute. */
  tick(nowMs: number): void {
    this.removal.expire(nowMs);
  }

  /** The current state. */
  gauges(): MempoolGauges {
    const { count, bytes, withFee } = this.entries.view;
    return { transactions: count, bytes, withFee, orphans: this.parents.waiting };
  }

  /** Removes what a new transaction replaces. */
  private replace(rivals: readonly ConflictingEntry[], nowMs: number): Replaced | undefined {
    const slots = [...new Set(rivals.map(({ slot }) => slot))];
    const [first] = slots;
    if (first === undefined) return undefined;
    const replaced = slots.map((slot) => this.entries.txid(slot));
    const waitedMs = nowMs - this.entries.arrived(first);
    return { replaced, waitedMs, evicted: this.removal.removeTrees(slots, 'replaced') };
  }

  private mine(transaction: Transaction, block: number): void {
    const txid = this.wireId(transaction);
    let slot = this.entries.find(txid);
    const wasRelayed = slot === NONE && (this.coins.seen(txid) & SEEN_RELAYED) !== 0;
    const isWaiting = slot !== NONE && this.entries.isInView(slot);
    this.remember(txid, transaction, SEEN_MINED, isWaiting ? SEEN_LEFT : 0);
    this.parents.arrived(transaction.wireTxid);
    if (transaction.isCoinbase) return;
    if (slot === NONE) {
      const bill = amountsOf(transaction, this.coins);
      const rivals = conflictsOf(transaction, this.graph.spends);
      if (!wasRelayed) this.reporter.conflicts(transaction, bill.fee, rivals);
      for (const rival of rivals) {
        if (this.entries.isMined(rival.slot)) this.removal.drop(rival.slot);
        else this.removal.removeTree(rival.slot, 'conflict');
      }
      slot = this.graph.add(txid, transaction, bill);
      if (wasRelayed) this.entries.setRelayed(slot);
    } else if (isWaiting) {
      this.removal.leaveForBlock(slot, transaction.wireTxid);
    } else {
      this.entries.unlink(slot);
    }
    this.entries.pushToMined(slot, block);
  }

  private wasRelayed(txid: Buffer): boolean {
    const slot = this.entries.find(txid);
    return (slot !== NONE && this.entries.isRelayed(slot)) || (this.coins.seen(txid) & SEEN_RELAYED) !== 0;
  }

  /**
   * Records where a transaction was seen. If its outputs were unknown, the transactions that spend them get
   * their values.
   */
  private remember(txid: Buffer, transaction: Transaction, seen: number, away = 0): void {
    if (!this.coins.add(txid, transaction, seen, away)) return;
    transaction.outputs.forEach(({ value }, index) => this.learn(txid, index, value));
  }

  /** The 32 bytes of a txid as they are on the wire; good until the next call. */
  private wireId({ wireTxid }: Transaction): Buffer {
    this.txid.write(wireTxid, 'latin1');
    return this.txid;
  }
}
