import type { ProcessedBlock } from '../chain/chain-events';
import { NONE } from '../lib/record-table';
import { type PolicyName, standardness } from '../policy/standardness';
import type { Transaction } from '../wire/transaction';
import { type CoinCache, SEEN_RELAYED } from './coin-cache';
import { type ExaminedBlock, examinedBlock, type HeldBlock } from './examined-block';
import type { Graph } from './graph';
import type { WaitingTransaction, WaitingTransactions } from './waiting-transactions';

const HASH_BYTES = 32;

export interface BlockExaminerModules {
  readonly graph: Graph;
  readonly coins: CoinCache;
  readonly waiting: WaitingTransactions;
}

/** Finds what the relay view knows of the transactions of a block that it has not taken yet. */
export class BlockExaminer {
  private readonly txid = Buffer.alloc(HASH_BYTES);

  /** @param policy by which transactions are standard: the one by which the relayed ones are judged */
  constructor(
    private readonly policy: PolicyName,
    private readonly modules: BlockExaminerModules,
  ) {}

  /**
   * Examines a block. A transaction counts as never relayed if it is neither in the view nor remembered
   * (`coinTransactions`).
   */
  examine(judged: ProcessedBlock): ExaminedBlock {
    const { block, status, height } = judged;
    // The rates of those that waited are right once all that waits was put in order.
    const template = status === 'accepted' ? this.modules.waiting.template() : undefined;
    const waited: WaitingTransaction[] = [];
    let numUnseen = 0;
    let numNonStandard = 0;
    for (const transaction of block.transactions) {
      if (transaction.isCoinbase) continue;
      const slot = this.find(transaction);
      if (!this.wasRelayed(slot)) numUnseen += 1;
      if (template === undefined) continue;
      const waiting = slot === NONE ? undefined : this.modules.waiting.at(slot);
      if (waiting !== undefined) waited.push(waiting);
      if (!this.isStandard(slot, transaction, height)) numNonStandard += 1;
    }
    const held: HeldBlock | undefined =
      template === undefined ? undefined : { template, waited, numNonStandard };
    return examinedBlock(judged, { numUnseen, held });
  }

  /** The entry of a transaction, or NONE; its txid is in `this.txid` then. */
  private find({ wireTxid }: Transaction): number {
    this.txid.write(wireTxid, 'latin1');
    return this.modules.graph.entries.find(this.txid);
  }

  private wasRelayed(slot: number): boolean {
    const { graph, coins } = this.modules;
    return (slot !== NONE && graph.entries.isRelayed(slot)) || (coins.seen(this.txid) & SEEN_RELAYED) !== 0;
  }

  /**
   * Whether a transaction is standard in a block of this height. One that was standard when it was relayed
   * still is: whatever is in a valid block is final. With the same txid and size it has the same weight.
   */
  private isStandard(slot: number, transaction: Transaction, nextHeight: number | undefined): boolean {
    const { entries } = this.modules.graph;
    if (slot !== NONE && entries.isStandard(slot) && entries.size(slot) === transaction.size) return true;
    return standardness(this.policy, transaction, { nextHeight }).reason === undefined;
  }
}
