import { line } from '../../src/panels/panel';
import type { Alert } from './alert';
import { overBuckets, silent, whole } from './alert-influxql';
import { metricName } from './metric-name';
import { NODE_ALERTS } from './node-alerts';
import { ADDRESSES, VIOLATIONS, WAITING, surgeOf, surgeOfState } from './surges';

const BY = 'by (node, network)';
const EXPORTER = { by: ['exporter'], where: { exporter: { not: '' } } } as const;

const connected = metricName('peers', 'total_connected');
const depth = metricName('reorgs', 'depth');
const reorgs = metricName('reorgs', null);
const dropped = metricName('btcdmon', 'dropped');
const damaged = metricName('btcdmon', 'damaged');
const sent = metricName('btcdmon', 'sent');

/** Every alert. The thresholds are for mainnet; docs/alerts.md is generated from this. */
export const ALERTS: readonly Alert[] = [
  {
    name: 'BtcdmonDown',
    slug: 'down',
    title: 'The monitor is down',
    severity: 'critical',
    summary: 'No point of {node}{instance} for 2 minutes',
    meaning:
      'The monitor writes a point about itself at every interval, 5 seconds by default, whatever the network does. The alert fires if a node that wrote points within the last six hours has written none for two minutes, and if there are no points at all. In Prometheus it fires if the monitor can’t be scraped, or if a node behind a collector is silent. With an interval of a minute or more (`--interval`) the two minutes are too short.',
    steps: [
      'Check whether the process runs, and read the end of its log: an error that ends it is the last line.',
      'If it runs, the path to the store is broken: `btcdmon-node top` shows the node directly, and the log names the exporter that fails.',
      'Messages of peers are lost while it is down. If only the store was unreachable, the points wait on disk and are delivered later.',
    ],
    panel: 'points-emitted',
    forMinutes: 1,
    influx: { queries: { A: silent(2, 6) }, condition: '$A == 0', noData: 'Alerting' },
    promql: [
      'max_over_time(up{job="btcdmon"}[1m]) == 0',
      'or absent(up{job="btcdmon"})',
      `or sum ${BY} (increase(${metricName('btcdmon', 'emitted')}[2m])) == 0`,
    ].join('\n'),
  },
  {
    name: 'BtcdmonNoBlock',
    slug: 'no-block',
    title: 'No block for 60 minutes',
    severity: 'warning',
    summary: 'No new best block at {node} for 60 minutes',
    meaning:
      'The node ran for an hour and its best chain did not grow. On mainnet an hour without a block happens by chance about every three days (once in 400 blocks); two hours do not. On test networks it is common, so silence the alert there.',
    steps: [
      'Compare the height with another source. If that is ahead, this node is cut off: check its peers.',
      'If nobody has a new block, wait: it is chance, or the network’s hash rate has fallen.',
      'If blocks arrive but none becomes the best one, the panel “Blocks by status” shows why: rejected, waiting for a parent, or on a side chain.',
    ],
    panel: 'chain-height',
    forMinutes: 1,
    influx: {
      queries: {
        A: whole(line('', 'btcdmon', 'rate', 'emitted', { where: { series: 'blocks' } }), [3600, 0]),
        B: overBuckets(
          'count',
          line('', 'btcdmon', 'count', 'emitted', { where: { series: 'blocks' } }),
          2,
          [3600, 0],
        ),
      },
      condition: '$A == 0 && $B >= 30',
      noData: 'OK',
    },
    promql: `time() - max ${BY} ({__name__=~"${metricName('blocks', 'last_point')}|${metricName('btcdmon', 'started')}"}) > 3600`,
  },
  {
    name: 'BtcdmonReorganisation',
    slug: 'reorganisation',
    title: 'A reorganisation of 2 blocks or more',
    severity: 'critical',
    summary: '{node} saw 2 blocks or more leave the best chain within the last hour',
    meaning:
      'A branch with more work replaced two or more blocks at once. One block happens every few weeks, two are rare, and more have always meant a bug or an attack. The alert clears an hour after the last one.',
    steps: [
      'Treat transactions of the last blocks as unconfirmed until the branch is settled.',
      'Look up both tips with `btcdmon-node query reorgs --since 2h`. Compare them with other nodes and with miners’ announcements.',
      'Look for outputs that the two branches spend differently: `btcdmon-node query double_spends --since 2h`.',
    ],
    panel: 'reorgs',
    forMinutes: 0,
    influx: {
      queries: { A: whole(line('', 'reorgs', 'max', 'depth'), [3600, 0]) },
      condition: '$A >= 2',
      noData: 'OK',
    },
    // More disconnected blocks than reorganisations: at least one reorganisation was two blocks deep. The
    // half block allows for the rounding of increase().
    promql: `sum ${BY} (increase(${depth}[1h])) - sum ${BY} (increase(${reorgs}[1h])) > 0.5`,
  },
  {
    name: 'BtcdmonNoPeers',
    slug: 'no-peers',
    title: 'No peer is connected',
    severity: 'critical',
    summary: '{node} has had no peer for 5 minutes',
    meaning: 'The node runs but has no peers, so everything except its own health stops changing.',
    steps: [
      'With one node (`--connect`): check whether that node runs, and whether it has banned the monitor.',
      'Joined to the network (`--join`): check the machine’s network, and whether outbound connections to the port of the Bitcoin network are possible.',
      'The panel “Ended connections” and the log (`no handshake with peer`) show why.',
    ],
    panel: 'peers',
    forMinutes: 2,
    influx: {
      queries: { A: whole(line('', 'peers', 'max', 'total_connected'), [180, 0]) },
      condition: '$A == 0',
      noData: 'OK',
    },
    promql: `max ${BY} (max_over_time(${connected}[3m])) == 0`,
  },
  {
    name: 'BtcdmonFewPeers',
    slug: 'few-peers',
    title: 'Half of the peers are gone',
    severity: 'warning',
    summary: '{node} has fewer than half of the peers of an hour ago',
    meaning:
      'The mean number of peers over ten minutes is less than half of that an hour before. Nodes that had fewer than four peers then are left out.',
    steps: [
      'The panel “Ended connections” shows why they ended.',
      'If other machines see the same, the network is the cause: a provider, a fault, or an attack on nodes.',
      'Until then the numbers on propagation are based on fewer peers.',
    ],
    panel: 'peers',
    forMinutes: 5,
    influx: {
      queries: {
        A: whole(line('', 'peers', 'mean', 'total_connected'), [600, 0]),
        B: whole(line('', 'peers', 'mean', 'total_connected'), [4200, 3600]),
      },
      condition: '$B >= 4 && $A < $B / 2',
      noData: 'OK',
    },
    promql: [
      `max ${BY} (avg_over_time(${connected}[10m])) < 0.5 * max ${BY} (avg_over_time(${connected}[10m] offset 1h))`,
      `and on (node, network) max ${BY} (avg_over_time(${connected}[10m] offset 1h)) >= 4`,
    ].join('\n'),
  },
  {
    name: 'BtcdmonViolationSurge',
    slug: 'violation-surge',
    title: 'A surge of protocol violations',
    severity: 'warning',
    summary: '{node} sees five times as many protocol violations as in the three hours before',
    meaning:
      'There were more than 50 violations in ten minutes, and more than five times the usual number of the three hours before. The peers are faulty, speak a newer protocol, or attack. The alert needs a node that has run for these hours.',
    steps: [
      'The panel “Protocol violations” names the reasons. One reason from many peers points to a new version of some software, many reasons from few peers to an attack.',
      'Find the peers: the log has `peer broke the protocol` with peer and reason, up to 20 times a minute.',
      'Peers with violations that can’t be an accident are banned for a day; see “Known addresses”.',
    ],
    panel: 'violations',
    forMinutes: 0,
    ...surgeOf(VIOLATIONS, metricName('rejects', 'violations'), { floor: 50, factor: 5 }),
  },
  {
    name: 'BtcdmonAddressSurge',
    slug: 'address-surge',
    title: 'A surge of addresses',
    severity: 'warning',
    summary: '{node} receives five times as many addresses as in the three hours before',
    meaning:
      'Peers sent more than 5,000 addresses in ten minutes, and more than five times the usual number of the three hours before. Somebody who fills address books may be preparing to isolate nodes. The alert needs a node that has run for these hours, because new peers send many addresses at first.',
    steps: [
      'The panel “Address relay by network” shows the network of the addresses.',
      'The address book accepts addresses from each peer at most at Core’s rate; `rate_limited` of `addr_relay` counts the ignored ones.',
      'Watch the peers: their number and their networks should not change.',
    ],
    panel: 'address-relay',
    forMinutes: 0,
    ...surgeOf(ADDRESSES, metricName('addr_relay', 'entries'), { floor: 5_000, factor: 5 }),
  },
  {
    name: 'BtcdmonMempoolSurge',
    slug: 'mempool-surge',
    title: 'A surge of the mempool',
    severity: 'warning',
    summary: '{node} has three times as many unconfirmed transactions as in the three hours before',
    meaning:
      'The relay view had more than 20,000 transactions that no block contains, as a mean over ten minutes, and more than three times those of the three hours before. The cause is a flood of transactions, or missing blocks. The alert needs a node that has run for these hours, because its view is empty at first.',
    steps: [
      'Check whether blocks arrive.',
      'Examine the transactions: fee rate, size, types of outputs, dust.',
      '`--mempool-size` limits the view, so the monitor itself is in no danger.',
    ],
    panel: 'mempool-count',
    forMinutes: 0,
    ...surgeOfState(WAITING, metricName('mempool', 'num_tx'), { floor: 20_000, factor: 3 }),
  },
  {
    name: 'BtcdmonPointsLost',
    slug: 'points-lost',
    title: 'Points are lost',
    severity: 'critical',
    summary: 'The exporter {exporter} of {node} has given up points in the last 5 minutes',
    meaning:
      'The queue of an exporter was full, or its receiver refused points permanently. The receiver lacks these points. Losses of UDP on the way are not counted here; `btcdmon-node audit` counts them.',
    steps: [
      'The log names the exporter, the reason and the number, once a minute.',
      '`btcdmon-node audit --since 1h --from …` names the series that lack points, and the times.',
      'If the receiver is too slow or unreachable for longer, enlarge its spool (`--spool-size`). If it refuses points, the log has one of them.',
    ],
    panel: 'points-lost',
    forMinutes: 0,
    influx: {
      queries: { A: whole(line('', 'btcdmon', 'rate', 'dropped', EXPORTER), [300, 0]) },
      condition: '$A > 0',
      noData: 'OK',
    },
    promql: `sum by (node, network, exporter) (increase(${dropped}[5m])) > 0`,
  },
  {
    name: 'BtcdmonPointsDamaged',
    slug: 'points-damaged',
    title: 'Points on disk are lost',
    severity: 'critical',
    summary:
      'Files of the exporter {exporter} of {node} were damaged in the last 5 minutes, or were found so at its start',
    meaning:
      'The write-ahead log of the embedded store, or a spool, had bytes other than those that were written. The damaged records are lost, all others are kept. The points are counted by what can still be read of the damaged bytes, so the number may be too low.',
    steps: [
      'The log names the file, how much is lost, and where the damaged log is kept.',
      '`btcdmon-node audit --since 1d` names the series that lack points, and the times.',
      'Look at the disk (`dmesg`, SMART) and at the memory of the machine: files do not change by themselves. A machine that lost its power may have zeros at the end of files.',
    ],
    panel: 'points-damaged',
    forMinutes: 0,
    influx: {
      queries: { A: whole(line('', 'btcdmon', 'rate', 'damaged', EXPORTER), [300, 0]) },
      condition: '$A > 0',
      noData: 'OK',
    },
    // What is found at the start is in the first value that Prometheus gets.
    promql: [
      `sum by (node, network, exporter) (increase(${damaged}[5m])) > 0`,
      `or (sum by (node, network, exporter) (${damaged}) > 0 and on (node, network) time() - max ${BY} (${metricName('btcdmon', 'started')}) < 300)`,
    ].join('\n'),
  },
  {
    name: 'BtcdmonPointsStuck',
    slug: 'points-stuck',
    title: 'Points wait but none is delivered',
    severity: 'warning',
    summary: 'The exporter {exporter} of {node} has delivered nothing for 10 minutes while points wait',
    meaning:
      'Points that were emitted, and that the receiver has not taken, wait in memory or on disk. None is lost yet. An unreachable InfluxDB can’t report this itself; then another store does, or the alert that the monitor is down.',
    steps: [
      'Check whether the receiver runs, has disk space, and accepts the user and password.',
      'The log has its answer, once a minute.',
      'The panel “Waiting points” shows how long memory and spool will last.',
    ],
    panel: 'points-waiting',
    forMinutes: 5,
    influx: {
      queries: {
        A: whole(line('', 'btcdmon', 'rate', 'sent', EXPORTER), [600, 0]),
        B: whole(line('', 'btcdmon', 'min', 'queued', EXPORTER), [600, 0]),
      },
      condition: '$A == 0 && $B > 0',
      noData: 'OK',
    },
    promql: [
      `min by (node, network, exporter) (min_over_time(${metricName('btcdmon', 'queued')}[10m])) > 0`,
      `and on (node, network, exporter) sum by (node, network, exporter) (increase(${sent}[10m])) == 0`,
    ].join('\n'),
  },
  {
    name: 'BtcdmonLoopLag',
    slug: 'loop-lag',
    title: 'The monitor is too slow',
    severity: 'warning',
    summary: 'The event loop of {node} is late by more than half a second',
    meaning:
      'In every interval of the last five minutes, the 99th percentile of the event loop’s delay was more than 500 ms. Times of announcements and pings are wrong by as much, and peers may disconnect the node.',
    steps: [
      'Check the processor: another program may use it, or the machine is too small for `--validate full` and many peers.',
      'Check the memory: a machine that swaps is always late.',
      'On a small machine, use fewer peers or a longer `--interval`.',
    ],
    panel: 'loop-lag',
    forMinutes: 2,
    influx: {
      queries: { A: whole(line('', 'btcdmon', 'min', 'loop_lag_p99'), [300, 0]) },
      condition: '$A > 500',
      noData: 'OK',
    },
    promql: `max ${BY} (min_over_time(${metricName('btcdmon', 'loop_lag_p99')}[5m])) > 0.5`,
  },
  {
    name: 'BtcdmonStall',
    slug: 'stall',
    title: 'The monitor stalled',
    severity: 'warning',
    summary: 'The event loop of {node} stalled for more than 10 seconds within 5 minutes',
    meaning:
      'For more than ten seconds in total, in pieces of at least a second, the monitor received nothing and answered nobody. Messages that arrived meanwhile have a late time. The alert fires when the monitor runs again; during a long stall the alert that it is down fires.',
    steps: [
      'The panel “Stalls of the monitor, per minute” shows when, and “Event-loop lag” how long each one was.',
      'Check whether the machine was suspended, moved to another host, or swapped at that time.',
      'If it happens again on a machine that does nothing else, report it: no message should take so long.',
    ],
    panel: 'stalls',
    forMinutes: 0,
    influx: {
      queries: { A: whole(line('', 'btcdmon', 'rate', 'stalled'), [300, 0]) },
      // Milliseconds within the 5 minutes.
      condition: '$A > 10000',
      noData: 'OK',
    },
    promql: `max ${BY} (increase(${metricName('btcdmon', 'stalled')}[5m])) > 10`,
  },
  ...NODE_ALERTS,
];
