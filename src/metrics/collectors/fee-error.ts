import type { HeldBlock } from '../../mempool/examined-block';
import { neededRate } from '../../mempool/fee-projection';
import { leastRateOf } from '../../mempool/mined-transactions';
import { minRelayFee } from '../../mempool/min-relay-fee';
import type { Block } from '../../wire/block';
import type { Hash } from '../../wire/hash';
import type { CollectorFactory } from '../collector';
import { ConfirmedRates, type Estimates, JUDGED_TARGETS } from '../confirmed-rates';

/** The weight from which a block counts as full: 97 % of the most (BIP141). */
const FULL_WEIGHT = 3_880_000;

/** The least part of a block's transactions that must have waited, for the relay view to count as known. */
const LEAST_KNOWN = 0.5;

/** What a block took of the relay view. */
interface Taken {
  readonly hash: Hash;
  /** The least feerate in sat/vB; undefined if it is empty, or too little is known. */
  readonly rate: number | undefined;
  /** Whether the relay view knows enough of what waits for an estimate. */
  readonly isKnown: boolean;
}

/** `fee_error`: the feerates that were said to be needed, held to the blocks that came. */
export const feeError: CollectorFactory = ({ emit, policy, waiting }) => {
  if (waiting === undefined) return { name: 'fee_error', on: {} };
  const rates = new ConfirmedRates();
  const least = minRelayFee(policy, 1_000) / 1_000;
  let last: Taken | undefined;

  const taken = (block: Block, { waited }: HeldBlock): Taken => {
    const hash = block.wireHash;
    const numTx = block.transactions.length - 1;
    if (numTx < 1) return { hash, rate: undefined, isKnown: last?.isKnown ?? false };
    if (waited.length < LEAST_KNOWN * numTx) return { hash, rate: undefined, isKnown: false };
    const rate = block.weight < FULL_WEIGHT ? least : leastRateOf(waited);
    return { hash, rate, isKnown: true };
  };

  const estimates = (): Estimates => {
    const projection = waiting.fees();
    return JUDGED_TARGETS.map((within) => neededRate(projection, within, least));
  };

  return {
    name: 'fee_error',
    on: {
      // It comes before the relay view takes the block, and `newBest` after that.
      blockExamined: ({ judged: { block }, held }) => {
        if (held !== undefined) last = taken(block, held);
      },
      reorg: () => rates.clear(),
      newBest: ({ block }) => {
        if (last?.hash !== block.wireHash) {
          rates.clear();
          return;
        }
        for (const { within, estimate, needed } of rates.add(
          last.rate,
          last.isKnown ? estimates() : undefined,
        ))
          emit(
            'fee_error',
            { estimate, needed, excess: (estimate / needed - 1) * 100, sha: block.hash },
            { blocks: String(within) },
          );
      },
    },
  };
};
