import { NONE } from '../lib/record-table';
import { BinSums, binOf } from './feerate-bins';
import type { Graph } from './graph';
import { chunksOf } from './linearize';
import { NO_BIN, OrderFields, UNKNOWN_FEE } from './order-fields';
import { RateCells } from './rate-cells';

/** The most transactions of a cluster that are put in order together: DEFAULT_CLUSTER_LIMIT of Core 31. */
export const MAX_CLUSTER = 64;

/** Inputs and outputs of a transaction that are looked at. No standard transaction has more. */
const MAX_LINKS = 4_000;

/** If more changed clusters than this wait, each new transaction has some of them put in order. */
const MAX_QUEUED = 64;

/** Look-ups that a new transaction, and a reader, may cause. An average transaction takes five. */
const LOOKUPS_A_TRANSACTION = 200;
const LOOKUPS_A_READER = 6_000;

/** `chunksOf` handles this many pairs of transactions in the time of one look-up. */
const SQUARE_A_LOOKUP = 8;

/** A block counts as full once this many transactions did not fit into it. */
const MAX_MISFITS = 200;

/**
 * The transactions of the relay view in the order in which a miner takes them: by the feerate of their chunk
 * (`chunksOf`). A transaction whose fee is not known is in no chunk, and counts as confirmed for those that
 * spend its outputs. In a cluster of more than `MAX_CLUSTER`, only a part is considered together; Core does
 * not relay such clusters.
 *
 * A change costs as much as its cluster. Nothing depends on the time: the same changes give the same order. A
 * new transaction has its own feerate until its cluster was put in order.
 */
export class FeeOrder {
  /** The view by feerate. Call `settle` before you read it. */
  readonly sums = new BinSums();
  private readonly fields = new OrderFields();
  private readonly cells = new RateCells(this.fields);
  private readonly queue: number[] = [];
  private lastPlace = 0;
  private lookups = 0;

  constructor(private readonly graph: Graph) {}

  /** Takes an entry that is in the view now, or whose fee is known now. */
  entered(slot: number): void {
    this.fields.reach(slot);
    this.take(slot);
    const fee = this.graph.entries.fee(slot);
    const vsize = this.graph.entries.vsize(slot);
    if (fee === undefined) {
      this.fields.bins[slot] = UNKNOWN_FEE;
      this.sums.addUnknown(vsize, 1);
      return;
    }
    this.put(slot, fee / vsize);
    this.enqueue(slot);
    if (this.queue.length > MAX_QUEUED) this.settle(LOOKUPS_A_TRANSACTION);
  }

  /** Drops an entry that leaves the view. It must still be in the graph. */
  left(slot: number): void {
    const isOrdered = this.fields.bin(slot) < UNKNOWN_FEE;
    this.take(slot);
    // An entry without a known fee was in no cluster, so the clusters of its neighbours stay as they are.
    if (isOrdered) this.eachNeighbour(slot, (other) => this.enqueue(other));
  }

  /** Puts clusters that changed in order, until so many look-ups in the graph were made. */
  settle(lookups = LOOKUPS_A_READER): void {
    this.lookups = 0;
    while (this.lookups < lookups) {
      const slot = this.queue.pop();
      if (slot === undefined) return;
      if (this.fields.isQueued[slot] !== 1) continue;
      this.fields.isQueued[slot] = 0;
      if (this.isOrdered(slot)) this.orderCluster(slot);
    }
  }

  /**
   * Slots of the transactions that fill a block best, in order: those of the highest chunk feerates that fit.
   * If one does not fit, it is left out together with all that spends it.
   * @param room in vB
   */
  template(room: number): number[] {
    const { entries } = this.graph;
    const slots: number[] = [];
    const taken = new Set<number>();
    let misfits = 0;
    let free = room;
    for (const slot of this.cells.descending()) {
      const vsize = entries.vsize(slot);
      if (vsize > free || (misfits > 0 && this.lacksParent(slot, taken))) {
        misfits += 1;
        if (misfits >= MAX_MISFITS) break;
        continue;
      }
      free -= vsize;
      slots.push(slot);
      taken.add(slot);
    }
    return slots;
  }

  /** Whether an entry is in the view, with a known fee. */
  isOrdered(slot: number): boolean {
    return this.fields.bin(slot) < UNKNOWN_FEE;
  }

  /** Feerate of the chunk of an ordered entry in sat/vB. */
  rate(slot: number): number {
    return this.fields.rate(slot);
  }

  private lacksParent(slot: number, taken: ReadonlySet<number>): boolean {
    let lacks = false;
    this.eachParent(slot, (parent) => (lacks ||= !taken.has(parent)));
    return lacks;
  }

  /** Orders the cluster of an entry: all that it is linked with, up to the limit. */
  private orderCluster(root: number): void {
    const slots = [root];
    const found = new Set(slots);
    // What is found is searched as well.
    for (const slot of slots)
      this.eachNeighbour(slot, (other) => {
        if (found.size >= MAX_CLUSTER || found.has(other)) return;
        found.add(other);
        slots.push(other);
      });
    const { entries } = this.graph;
    if (slots.length === 1) {
      this.placeAt(root, (entries.fee(root) ?? 0) / entries.vsize(root));
      return;
    }
    this.lookups += slots.length ** 2 / SQUARE_A_LOOKUP;
    // The same order wherever the search began.
    slots.sort((a, b) => a - b);
    const numbers = new Map(slots.map((slot, number) => [slot, number]));
    const chunks = chunksOf({
      fees: slots.map((slot) => entries.fee(slot) ?? 0),
      vsizes: slots.map((slot) => entries.vsize(slot)),
      parents: slots.map((slot) => {
        const parents: number[] = [];
        this.eachParent(slot, (parent) => {
          const number = numbers.get(parent);
          if (number !== undefined) parents.push(number);
        });
        return parents;
      }),
    });
    for (const { members, fee, vsize } of chunks)
      for (const member of members) this.placeAt(slots[member] ?? NONE, fee / vsize);
    // A part of a larger cluster says nothing about the rest.
    if (slots.length < MAX_CLUSTER) for (const slot of slots) this.fields.isQueued[slot] = 0;
  }

  private placeAt(slot: number, rate: number): void {
    this.take(slot);
    this.put(slot, rate);
  }

  /** Calls `visit` with the ordered parents and children of an entry; some may come more than once. */
  private eachNeighbour(slot: number, visit: (other: number) => void): void {
    this.eachParent(slot, visit);
    const { entries } = this.graph;
    const outputs = Math.min(entries.outputs(slot), MAX_LINKS);
    this.lookups += outputs;
    for (const child of this.graph.spenders(entries.key(slot), outputs))
      if (this.isOrdered(child)) visit(child);
  }

  private eachParent(slot: number, visit: (parent: number) => void): void {
    const { entries, spends } = this.graph;
    let links = 0;
    for (let spend = entries.firstSpend(slot); spend !== NONE && links < MAX_LINKS; links++) {
      const parent = entries.find(spends.outpoint(spend));
      if (parent !== NONE && this.isOrdered(parent)) visit(parent);
      spend = spends.next(spend);
    }
    this.lookups += links;
  }

  private enqueue(slot: number): void {
    if (this.fields.isQueued[slot] === 1) return;
    this.fields.isQueued[slot] = 1;
    this.queue.push(slot);
  }

  /** Puts an entry without a bin at its feerate, after the last one of the same rate. */
  private put(slot: number, rate: number): void {
    const { fields } = this;
    fields.bins[slot] = binOf(rate);
    fields.rates[slot] = rate;
    fields.places[slot] = ++this.lastPlace;
    this.cells.put(slot);
    this.count(slot, 1);
  }

  /** Takes an entry out of its bin, if it is in one. */
  private take(slot: number): void {
    const { fields } = this;
    const bin = fields.bin(slot);
    if (bin === NO_BIN) return;
    if (bin === UNKNOWN_FEE) {
      fields.bins[slot] = NO_BIN;
      this.sums.addUnknown(this.graph.entries.vsize(slot), -1);
      return;
    }
    this.count(slot, -1);
    this.cells.take(slot);
    fields.bins[slot] = NO_BIN;
  }

  /** Adds an entry of a bin to the sums, or removes it from them. */
  private count(slot: number, sign: 1 | -1): void {
    const { entries } = this.graph;
    const fee = entries.fee(slot) ?? 0;
    const vsize = entries.vsize(slot);
    this.sums.add(this.fields.bin(slot), fee, vsize, sign);
    if (fee / vsize < this.fields.rate(slot)) this.sums.addPaidFor(vsize, sign);
  }
}
