import type { CollectorFactory } from '../collector';

/** `mempool`: the relay view, and the outcome of announced transactions in an interval. */
export const mempool: CollectorFactory = ({ emit, mempool: gauges }) => {
  let limited = 0;
  let conflicts = 0;
  return {
    name: 'mempool',
    on: {
      rateLimited: ({ count }) => (limited += count),
      conflict: () => conflicts++,
    },
    interval: () => {
      const { transactions, orphans, bytes } = gauges();
      emit('mempool', {
        num_tx: transactions,
        num_orphans: orphans,
        size: bytes,
        double_spend: conflicts,
        tx_rate_limit: limited,
      });
      limited = 0;
      conflicts = 0;
    },
  };
};
