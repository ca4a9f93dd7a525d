import { type Panel, line } from '../panel';

/** How blocks and transactions spread, and the round trip times to the peers. */
export const PROPAGATION: readonly Panel[] = [
  {
    name: 'block-propagation',
    title: 'Block propagation',
    theme: 'propagation',
    help: 'Time from the first announcement of a block until half and nine tenths of the announcing peers had announced it, and until it was received here. Mean of each bucket.',
    unit: 'ms',
    plot: 'points',
    shortestBucketS: 60,
    since: '1d',
    needsPeers: 2,
    lines: [
      line('half of the peers', 'propagation', 'mean', 'delay_p50', { where: { kind: 'block' } }),
      line('nine tenths', 'propagation', 'mean', 'delay_p90', { where: { kind: 'block' } }),
      line('received', 'propagation', 'mean', 'delay_received', { where: { kind: 'block' } }),
    ],
  },
  {
    name: 'transaction-propagation',
    title: 'Transaction propagation',
    theme: 'propagation',
    help: 'Time from the first announcement of a transaction until half and nine tenths of the announcing peers had announced it: medians over the transactions of a bucket.',
    unit: 'ms',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    needsPeers: 2,
    lines: [
      line('half of the peers', 'propagation', 'p50', 'delay_p50', { where: { kind: 'tx' } }),
      line('nine tenths', 'propagation', 'p50', 'delay_p90', { where: { kind: 'tx' } }),
    ],
  },
  {
    name: 'confirmation-time',
    title: 'Time to confirmation',
    theme: 'propagation',
    help: 'Time from the first announcement of a transaction to the block that contains it: median and 90th percentile over the transactions confirmed in a bucket.',
    unit: 'ms',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    lines: [
      line('p50', 'propagation', 'p50', 'delay_confirmed', { where: { kind: 'tx' } }),
      line('p90', 'propagation', 'p90', 'delay_confirmed', { where: { kind: 'tx' } }),
    ],
  },
  {
    name: 'ping',
    title: 'Ping',
    theme: 'propagation',
    help: 'Round trip times to the peers: median and 90th percentile.',
    unit: 'ms',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    lines: [line('p50', 'ping', 'p50', 'rtt'), line('p90', 'ping', 'p90', 'rtt')],
  },
];
