import type { CollectorFactory } from '../collector';

/** `mempool`: what became of announced transactions in an interval. */
export const mempool: CollectorFactory = ({ emit }) => {
  let limited = 0;
  return {
    name: 'mempool',
    on: { rateLimited: ({ count }) => (limited += count) },
    interval: () => {
      emit('mempool', { tx_rate_limit: limited });
      limited = 0;
    },
  };
};
