import { displayOf, type Hash } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** Replacements that are remembered: some hours of mainnet. */
const REMEMBERED = 20_000;

/** `replacements`: each replacement by fee. */
export const replacements: CollectorFactory = ({ emit }) => {
  /** How many replacements led to each of the last transactions that replaced others, the oldest first. */
  const generations = new Map<Hash, number>();

  const generationOf = (txid: Hash, replaced: readonly Hash[]): number => {
    const generation = 1 + replaced.reduce((most, hash) => Math.max(most, generations.get(hash) ?? 0), 0);
    generations.set(txid, generation);
    for (const oldest of generations.keys()) {
      if (generations.size <= REMEMBERED) break;
      generations.delete(oldest);
    }
    return generation;
  };

  return {
    name: 'replacements',
    on: {
      replacement: ({ txid, fee, vsize, replaced, waitedMs, evicted }) => {
        const [first] = replaced;
        emit('replacements', {
          tx_id: displayOf(txid),
          replaced: first === undefined ? undefined : displayOf(first),
          num_replaced: replaced.length,
          num_evicted: evicted.transactions,
          fee,
          fee_rate: fee === undefined ? undefined : fee / vsize,
          evicted_fees: evicted.fees,
          extra_fee: fee === undefined || evicted.fees === undefined ? undefined : fee - evicted.fees,
          generation: generationOf(txid, replaced),
          waited: waitedMs,
        });
      },
    },
  };
};
