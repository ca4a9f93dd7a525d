import type { CollectorFactory } from '../collector';

/** `blocks`: a point at each new best block. */
export const blocks: CollectorFactory = ({ emit }) => ({
  name: 'blocks',
  on: {
    newBest: ({ block, height, medianTime }) =>
      emit('blocks', {
        size: block.size,
        num_tx: block.transactions.length,
        best_height: height,
        median_time: medianTime,
        sha: block.hash,
      }),
  },
});
