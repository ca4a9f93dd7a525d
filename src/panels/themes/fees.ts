import { type Panel, line } from '../panel';

/** Fees of relayed transactions and blocks. */
export const FEES: readonly Panel[] = [
  {
    name: 'block-fees',
    title: 'Fees in blocks per hour',
    theme: 'fees',
    help: 'What the coinbases of accepted blocks took beyond the subsidy in each hour: sum, mean per block and standard deviation.',
    unit: 'sat',
    plot: 'bars',
    shortestBucketS: 3600,
    since: '1d',
    lines: [
      line('sum', 'processed_blocks', 'sum', 'total_tx_fees', { where: { status: 'accepted' } }),
      line('mean', 'processed_blocks', 'mean', 'total_tx_fees', { where: { status: 'accepted' } }),
      line('standard deviation', 'processed_blocks', 'stddev', 'total_tx_fees', {
        where: { status: 'accepted' },
      }),
    ],
  },
  {
    name: 'fees-per-hour',
    title: 'Fees per hour',
    theme: 'fees',
    help: 'Fees of relayed transactions in each hour: most frequent, mean and maximum. Only transactions whose inputs are all known are included.',
    unit: 'sat',
    plot: 'lines',
    shortestBucketS: 3600,
    since: '1d',
    lines: [
      line('mode', 'tx_fees', 'mode', 'tx_fee'),
      line('mean', 'tx_fees', 'mean', 'tx_fee'),
      line('max', 'tx_fees', 'max', 'tx_fee'),
    ],
  },
  {
    name: 'fees-sum',
    title: 'Relayed fees per hour',
    theme: 'fees',
    help: 'Fees of relayed transactions in each hour: sum and standard deviation. Only transactions whose inputs are all known are included.',
    unit: 'sat',
    plot: 'bars',
    shortestBucketS: 3600,
    since: '1d',
    lines: [
      line('sum', 'tx_fees', 'sum', 'tx_fee'),
      line('standard deviation', 'tx_fees', 'stddev', 'tx_fee'),
    ],
  },
  {
    name: 'fee-rate',
    title: 'Fee rate',
    theme: 'fees',
    help: 'Fee per virtual byte of relayed transactions: median, 90th and 99th percentile.',
    unit: 'sat/vB',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    lines: [
      line('p50', 'tx_fees', 'p50', 'fee_rate'),
      line('p90', 'tx_fees', 'p90', 'fee_rate'),
      line('p99', 'tx_fees', 'p99', 'fee_rate'),
    ],
  },
  {
    name: 'fees-known',
    title: 'Known fees',
    theme: 'fees',
    help: 'Share of the transactions of the relay view whose fee is known. It grows from 0 after a start, as transactions and blocks make output values known. The fee panels only cover this share.',
    unit: 'percent',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [line('known', 'btcdmon', 'mean', 'fees_known')],
  },
];
