import { longestBranch } from '../branch-line';
import { type Panel, line } from '../panel';

const TX = { where: { kind: 'tx' } } as const;
const BLOCK = { where: { kind: 'block' } } as const;

/** What a watched node knows of the chain and of transactions, and when. */
export const NODE_CLOCKS: readonly Panel[] = [
  {
    name: 'transaction-lag',
    title: 'Transaction delay behind the listener',
    theme: 'node',
    help: 'How much later than the listener the watched node had a transaction: time from the first announcement to the listener until the node accepted it, median and 90th percentile of each interval, as means over the bucket. Below 0 the node was first.',
    unit: 'ms',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [line('p50', 'btcd_lag', 'mean', 'p50', TX), line('p90', 'btcd_lag', 'mean', 'p90', TX)],
  },
  {
    name: 'announcement-lag',
    title: 'Transaction relay delay of the node',
    theme: 'node',
    help: 'Time from the moment at which the watched node accepted a transaction until it announced it to the listener: median and 90th percentile of each interval, as means over the bucket. Nodes wait some seconds on purpose, so that nobody sees where a transaction comes from.',
    unit: 'ms',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [
      line('p50', 'btcd_lag', 'mean', 'announced_p50', TX),
      line('p90', 'btcd_lag', 'mean', 'announced_p90', TX),
    ],
  },
  {
    name: 'node-first',
    title: 'Transactions first seen by the node',
    theme: 'node',
    help: 'Transactions that both the listener and the watched node had, and those of them that the node had first.',
    unit: 'per minute',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [
      line('both had', 'btcd_lag', 'rate', 'matched', { ...TX, scale: 60 }),
      line('the node first', 'btcd_lag', 'rate', 'ahead', { ...TX, scale: 60 }),
    ],
  },
  {
    name: 'block-lag',
    title: 'Block delay behind the listener',
    theme: 'node',
    help: 'How much later than the listener the watched node had a block: time from the first announcement to the listener until the node connected it, and from then until the node announced it to the listener. Below 0 the node was first.',
    unit: 'ms',
    plot: 'points',
    shortestBucketS: 60,
    since: '1d',
    lines: [
      line('connected', 'btcd_lag', 'mean', 'lag', BLOCK),
      line('announced', 'btcd_lag', 'mean', 'announce_lag', BLOCK),
    ],
  },
  {
    name: 'node-missed',
    title: 'Events missed while watching',
    theme: 'node',
    help: 'Transactions and blocks that the watched node accepted and that the monitor could not ask for, and transactions whose fee it did not learn. They had left the mempool before, or were too many at once.',
    unit: 'count',
    plot: 'bars',
    shortestBucketS: 5,
    since: '1d',
    lines: [
      line('transactions', 'node_status', 'sum', 'missed_tx'),
      line('fees', 'node_status', 'sum', 'missed_fees'),
      line('blocks', 'node_status', 'sum', 'missed_blocks'),
    ],
  },
  {
    name: 'chain-tips',
    title: 'Longest branches of the chain',
    theme: 'node',
    help: 'Length of the longest branch that the watched node knows beside its active chain, by status. A valid fork lost the race; an invalid one broke a rule. Old branches stay in the list until the node starts again.',
    unit: 'count',
    plot: 'points',
    shortestBucketS: 60,
    since: '7d',
    lines: [longestBranch],
  },
  {
    name: 'watch-gaps',
    title: 'Monitoring gaps',
    theme: 'node',
    help: 'How long reports of the watched node were missing, by source, at the end of each gap. The monitor then asks for everything that it can still ask for. Facts that only notifications or the tap give are missing.',
    unit: 'ms',
    plot: 'bars',
    shortestBucketS: 60,
    since: '7d',
    lines: [line('', 'watch_gaps', 'sum', 'duration', { by: ['source'] })],
  },
];
