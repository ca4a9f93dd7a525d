import { type Panel, line } from '../panel';

/** Where a policy refuses what another one relays. */
function refusedBy(policy: 'btcd' | 'core29' | 'knots'): {
  readonly policy: string;
  readonly rule: { readonly not: string };
} {
  return { policy, rule: { not: 'none' } };
}

/** Properties of relayed transactions. */
export const TRANSACTIONS: readonly Panel[] = [
  {
    name: 'transactions',
    title: 'Relayed transactions',
    theme: 'transactions',
    help: 'Transactions that peers relayed, each counted once, and those that the policy calls non-standard.',
    unit: 'per minute',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [
      line('transactions', 'tx', 'rate', null, { scale: 60 }),
      line('non-standard', 'tx', 'rate', null, { scale: 60, where: { is_standard: false } }),
    ],
  },
  {
    name: 'transaction-size',
    title: 'Transaction size over a day',
    theme: 'transactions',
    help: 'Virtual size of relayed transactions: median, 90th and 99th percentile of each hour.',
    unit: 'vB',
    plot: 'lines',
    shortestBucketS: 3600,
    since: '1d',
    lines: [
      line('p50', 'tx', 'p50', 'vsize'),
      line('p90', 'tx', 'p90', 'vsize'),
      line('p99', 'tx', 'p99', 'vsize'),
    ],
  },
  {
    name: 'inputs-outputs',
    title: 'Inputs and outputs per transaction',
    theme: 'transactions',
    help: 'Mean number of inputs and outputs of relayed transactions. Many inputs are consolidations, many outputs are payouts.',
    unit: 'count',
    plot: 'lines',
    shortestBucketS: 5,
    since: '1d',
    lines: [line('inputs', 'tx', 'mean', 'num_inputs'), line('outputs', 'tx', 'mean', 'num_outputs')],
  },
  {
    name: 'output-types',
    title: 'Output types',
    theme: 'transactions',
    help: 'Outputs of relayed transactions by script type.',
    unit: 'per minute',
    plot: 'stacked',
    shortestBucketS: 5,
    since: '1d',
    lines: [line('', 'tx_outputs', 'rate', null, { by: ['script_type'], scale: 60 })],
  },
  {
    name: 'non-p2pkh-outputs',
    title: 'Non-P2PKH outputs per hour',
    theme: 'transactions',
    help: 'Outputs of relayed transactions in each hour whose script is not pay-to-public-key-hash.',
    unit: 'count',
    plot: 'stacked',
    shortestBucketS: 3600,
    since: '1d',
    lines: [
      line('', 'tx_outputs', 'count', null, {
        by: ['script_type'],
        where: { script_type: { not: 'pubkeyhash' } },
      }),
    ],
  },
  {
    name: 'output-values',
    title: 'Output values',
    theme: 'transactions',
    help: 'Values of the outputs of relayed transactions: median, 90th percentile and mean. A few large ones raise the mean.',
    unit: 'sat',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    lines: [
      line('p50', 'tx_outputs', 'p50', 'value'),
      line('p90', 'tx_outputs', 'p90', 'value'),
      line('mean', 'tx_outputs', 'mean', 'value'),
    ],
  },
  {
    name: 'dust-watch',
    title: 'Dust outputs',
    theme: 'transactions',
    help: 'Outputs of relayed transactions that the policy calls dust, by script type.',
    unit: 'count',
    plot: 'bars',
    shortestBucketS: 60,
    since: '1d',
    lines: [line('', 'tx_outputs', 'count', null, { by: ['script_type'], where: { is_dust: true } })],
  },
  {
    name: 'policy-differential',
    title: 'Where relay policies differ',
    theme: 'transactions',
    help: 'Transactions that at least one of the relay policies refuses and at least one relays, by policy and by the first rule that they break; none: this policy would relay them. The policies are those of btcd, Bitcoin Core 31, Core 29 and Knots with their defaults. Each transaction is counted once for each policy.',
    unit: 'count',
    plot: 'bars',
    shortestBucketS: 60,
    since: '1d',
    lines: [line('', 'policy_differential', 'sum', 'num_tx', { by: ['policy', 'rule'] })],
  },
  {
    name: 'policy-announced',
    title: 'Announced against the own policy',
    theme: 'transactions',
    help: 'Announcements of transactions that the defaults of the announcing program refuse and another policy relays, and how many there were if each connected peer of that program had announced each. Core is held to the defaults of version 29, below 1 sat/vB for one, which later versions relay. Where other peers announce what they would refuse, their operators changed the defaults, or they are not what they claim to be.',
    unit: 'count',
    plot: 'lines',
    shortestBucketS: 60,
    since: '1d',
    isWhole: true,
    lines: [
      line('btcd', 'policy_differential', 'sum', 'btcd', { where: refusedBy('btcd') }),
      line('btcd, possible', 'policy_differential', 'sum', 'btcd_peers', { where: refusedBy('btcd') }),
      line('Core, 29’s defaults', 'policy_differential', 'sum', 'core', { where: refusedBy('core29') }),
      line('Core, 29’s defaults, possible', 'policy_differential', 'sum', 'core_peers', {
        where: refusedBy('core29'),
      }),
      line('Knots', 'policy_differential', 'sum', 'knots', { where: refusedBy('knots') }),
      line('Knots, possible', 'policy_differential', 'sum', 'knots_peers', { where: refusedBy('knots') }),
    ],
  },
  {
    name: 'policy-confirmed',
    title: 'Confirmed against a policy',
    theme: 'transactions',
    help: 'Transactions in blocks that a policy refuses and another one relays, by policy. They had been relayed to this node before the block.',
    unit: 'count',
    plot: 'bars',
    shortestBucketS: 60,
    since: '1d',
    lines: [
      line('', 'policy_differential', 'sum', 'confirmed', {
        ...{ by: ['policy'], where: { rule: { not: 'none' } } },
      }),
    ],
  },
];
