import type { CollectorFactory } from '../collector';

const ZEROS = {
  ...{ double_spend: 0, tx_rate_limit: 0 },
  ...{ removed_block: 0, removed_conflict: 0, removed_replaced: 0, removed_expired: 0, removed_evicted: 0 },
  ...{ reorg_returned: 0, reorg_lost: 0 },
};

/** `mempool`: the relay view, what left it, and the outcome of announced transactions in an interval. */
export const mempool: CollectorFactory = ({ emit, mempool: gauges }) => {
  let counts = { ...ZEROS };
  return {
    name: 'mempool',
    on: {
      rateLimited: ({ count }) => (counts.tx_rate_limit += count),
      conflict: () => counts.double_spend++,
      removed: ({ reason }) => counts[`removed_${reason}`]++,
      reorganised: ({ returned, lost }) => {
        counts.reorg_returned += returned;
        counts.reorg_lost += lost;
      },
    },
    interval: () => {
      const { transactions, orphans, bytes } = gauges();
      emit('mempool', { num_tx: transactions, num_orphans: orphans, size: bytes, ...counts });
      counts = { ...ZEROS };
    },
  };
};
