import type { QueryFields } from './api-types';

/** An example query. */
export interface QueryExample {
  readonly title: string;
  readonly request: { readonly query: QueryFields } | { readonly raw: string };
}

/** Each example shows another kind of query. */
export const EXAMPLES: readonly QueryExample[] = [
  {
    title: 'Size of the relay view by the minute',
    request: { query: { series: 'mempool', agg: ['max', 'size'], every: '1m', since: '1h' } },
  },
  {
    title: 'Feerate, 90th percentile',
    request: { query: { series: 'tx_fees', agg: ['p90', 'fee_rate'], every: '5m', since: '6h' } },
  },
  {
    title: 'Outputs by type',
    request: { query: { series: 'tx_outputs', agg: ['count'], by: ['script_type'], since: '1h' } },
  },
  {
    title: 'Who connected, by user agent',
    request: { query: { series: 'peers', agg: ['count', 'version'], by: ['user_agent'], since: '24h' } },
  },
  {
    title: 'The last blocks (SQL)',
    request: {
      raw: 'SELECT time, height, num_tx, size, total_tx_fees, process_time, status\nFROM processed_blocks\nORDER BY time DESC\nLIMIT 20',
    },
  },
  {
    title: 'Largest transactions (SQL)',
    request: {
      raw: 'SELECT time, sha, vsize, num_inputs, num_outputs\nFROM tx\nORDER BY vsize DESC\nLIMIT 20',
    },
  },
];
