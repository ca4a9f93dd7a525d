import { isJudged, type ProcessedBlock } from '../chain/chain-events';
import { minerOf } from '../chain/miner';
import type { WaitingTransaction } from './waiting-transactions';

/** What the relay view has to say of a block that joins the best chain. */
export interface HeldBlock {
  /** The transactions that the view would have put into it, in their order. */
  readonly template: readonly WaitingTransaction[];
  /** The transactions of the block that waited with a known fee, in its order. */
  readonly waited: readonly WaitingTransaction[];
  /** How many of its transactions the relay policy does not call standard. */
  readonly numNonStandard: number;
}

/**
 * A judged block, and what was known of its transactions before the relay view took it. These facts are found
 * once, for all listeners.
 */
export interface ExaminedBlock {
  readonly judged: ProcessedBlock;
  /** Inputs and outputs of all its transactions, the coinbase included. */
  readonly numInputs: number;
  readonly numOutputs: number;
  /** Transactions that were never relayed to us before, without the coinbase. */
  readonly numUnseen: number;
  /** The mining pool that it says it is from; undefined if none is known, or the block is not judged. */
  readonly pool: string | undefined;
  /** Undefined unless the block is accepted, and where there is no relay view. */
  readonly held: HeldBlock | undefined;
}

/** An examined block. @param known what the block alone does not say */
export function examinedBlock(
  judged: ProcessedBlock,
  known: Pick<ExaminedBlock, 'numUnseen' | 'held'>,
): ExaminedBlock {
  let numInputs = 0;
  let numOutputs = 0;
  for (const { inputs, outputs } of judged.block.transactions) {
    numInputs += inputs.length;
    numOutputs += outputs.length;
  }
  const { block, status } = judged;
  const pool = isJudged(status) ? minerOf(block) : undefined;
  return { judged, numInputs, numOutputs, pool, numUnseen: known.numUnseen, held: known.held };
}
