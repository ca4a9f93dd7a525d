import { displayOf } from '../../wire/hash';
import type { CollectorFactory } from '../collector';

/** `chain_tips`: the ends of all branches of the chain, in an interval in which they may have changed. */
export const chainTips: CollectorFactory = ({ emit, tips }) => {
  let told: number | undefined;
  let isChanged = false;
  return {
    name: 'chain_tips',
    on: {
      // A block of a branch may have arrived.
      processedBlock: () => (isChanged = true),
    },
    interval: () => {
      if (tips === undefined) return;
      const changes = tips.changes();
      if (!isChanged && changes === told) return;
      told = changes;
      isChanged = false;
      const { tips: all, stale, best } = tips.all();
      for (const { height, hash, branchLength, status } of all)
        emit(
          'chain_tips',
          {
            height,
            branch_length: branchLength,
            ...(status === 'active' && best > 0 ? { stale_rate: (100 * stale) / (best + stale) } : {}),
            sha: displayOf(hash),
          },
          { status },
        );
    },
  };
};
