import { LIMITS, MINED_NETWORKS } from '../live/limits';
import { line } from '../panels/panel';
import type { Alert } from './alert';
import { overBuckets, silent, whole, within } from './alert-query';
import { NODE_ALERTS } from './node-alerts';
import { SURGES, surgeOf } from './surges';

/** Minutes of a bucket in which each interval of a monitor has a point. */
const BUCKET_MINUTES = 2;

/** The account of the blocks of a node on a network that is mined all the time. */
const MINED = { where: { series: 'blocks', network: MINED_NETWORKS } } as const;

const EXPORTER = { by: ['exporter'], where: { exporter: { not: '' } } } as const;

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
    queries: { A: silent(2, 6) },
    condition: '$A == 0',
    noData: 'Alerting',
    measured: '{A} points within 2 minutes',
  },
  {
    name: 'BtcdmonNoBlock',
    slug: 'no-block',
    title: 'No block for 60 minutes',
    severity: 'warning',
    summary: 'No new best block at {node} for 60 minutes',
    meaning:
      'The node ran for an hour and its best chain did not grow. On mainnet an hour without a block happens by chance about every three days (once in 400 blocks); two hours do not. On the public test networks it is common, so silence the alert there. Nodes on regtest and simnet are left out: blocks come there on demand.',
    steps: [
      'Compare the height with another source. If that is ahead, this node is cut off: check its peers.',
      'If nobody has a new block, wait: it is chance, or the network’s hash rate has fallen.',
      'If blocks arrive but none becomes the best one, the panel “Blocks by status” shows why: rejected, waiting for a parent, or on a side chain.',
    ],
    panel: 'chain-height',
    forMinutes: 1,
    queries: {
      A: whole(line('', 'btcdmon', 'rate', 'emitted', MINED), within(LIMITS.noBlockMs)),
      B: overBuckets(
        'count',
        line('', 'btcdmon', 'count', 'emitted', MINED),
        BUCKET_MINUTES,
        within(LIMITS.noBlockMs),
      ),
    },
    condition: `$A == 0 && $B >= ${LIMITS.noBlockMs / 60_000 / BUCKET_MINUTES}`,
    noData: 'OK',
    measured: '{A} blocks within an hour',
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
    queries: { A: whole(line('', 'reorgs', 'max', 'depth'), within(LIMITS.reorgMs)) },
    condition: `$A >= ${LIMITS.reorgDepth}`,
    noData: 'OK',
    measured: '{A} blocks disconnected at once',
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
    queries: { A: whole(line('', 'peers', 'max', 'total_connected'), [180, 0]) },
    condition: '$A == 0',
    noData: 'OK',
    measured: 'at most {A} peers within 3 minutes',
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
    queries: {
      A: whole(line('', 'peers', 'mean', 'total_connected'), within(LIMITS.latelyMs)),
      B: whole(line('', 'peers', 'mean', 'total_connected'), within(LIMITS.latelyMs, LIMITS.peersBeforeMs)),
    },
    condition: `$B >= ${LIMITS.fewPeersFrom} && $A < ${LIMITS.fewPeersPart} * $B`,
    noData: 'OK',
    measured: '{A} peers, {B} an hour before',
  },
  {
    name: 'BtcdmonViolationSurge',
    slug: 'violation-surge',
    title: 'A surge of protocol violations',
    severity: 'warning',
    summary: '{node} sees five times as many protocol violations as in the three hours before',
    meaning:
      'There were more than 50 violations in ten minutes, and more than five times the usual number of the three hours before. The peers are faulty, speak a newer protocol, or attack. The alert needs a node that has run for these hours. If the node’s own store covers two weeks or more, the limit is five times the usual number at this hour of the week, in place of the 50.',
    steps: [
      'The panel “Protocol violations” names the reasons. One reason from many peers points to a new version of some software, many reasons from few peers to an attack.',
      'Find the peers: the log has `peer broke the protocol` with peer and reason, up to 20 times a minute.',
      'Peers with violations that can’t be an accident are banned for a day; see “Known addresses”.',
    ],
    panel: 'violations',
    forMinutes: 0,
    ...surgeOf(SURGES.violations),
  },
  {
    name: 'BtcdmonAddressSurge',
    slug: 'address-surge',
    title: 'A surge of addresses',
    severity: 'warning',
    summary: '{node} receives five times as many addresses as in the three hours before',
    meaning:
      'Peers sent more than 5,000 addresses in ten minutes, and more than five times the usual number of the three hours before. Somebody who fills address books may be preparing to isolate nodes. The alert needs a node that has run for these hours, because new peers send many addresses at first. If the node’s own store covers two weeks or more, the limit is five times the usual number at this hour of the week, in place of the 5,000.',
    steps: [
      'The panel “Address relay by network” shows the network of the addresses.',
      'The address book accepts addresses from each peer at most at Core’s rate; `rate_limited` of `addr_relay` counts the ignored ones.',
      'Watch the peers: their number and their networks should not change.',
    ],
    panel: 'address-relay',
    forMinutes: 0,
    ...surgeOf(SURGES.addresses),
  },
  {
    name: 'BtcdmonMempoolSurge',
    slug: 'mempool-surge',
    title: 'A surge of the mempool',
    severity: 'warning',
    summary: '{node} has three times as many unconfirmed transactions as in the three hours before',
    meaning:
      'The relay view had more than 20,000 transactions that no block contains, as a mean over ten minutes, and more than three times those of the three hours before. The cause is a flood of transactions, or missing blocks. The alert needs a node that has run for these hours, because its view is empty at first. If the node’s own store covers two weeks or more, the limit is three times the usual number at this hour of the week, in place of the 20,000.',
    steps: [
      'Check whether blocks arrive.',
      'Examine the transactions: feerate, size, types of outputs, dust.',
      '`--mempool-size` limits the view, so the monitor itself is in no danger.',
    ],
    panel: 'mempool-count',
    forMinutes: 0,
    ...surgeOf(SURGES.mempool),
  },
  {
    name: 'BtcdmonPointsLost',
    slug: 'points-lost',
    title: 'Points are lost',
    severity: 'critical',
    summary: 'The exporter {exporter} of {node} has dropped points in the last 5 minutes',
    meaning:
      'The queue of an exporter was full, or its receiver refused points permanently. The receiver lacks these points. Losses of UDP on the way are not counted here; `btcdmon-node audit` counts them.',
    steps: [
      'The log names the exporter, the reason and the number, once a minute.',
      '`btcdmon-node audit --since 1h --from …` names the series that lack points, and the times.',
      'If the receiver is too slow or unreachable for longer, enlarge its spool (`--spool-size`). If it refuses points, the log has one of them.',
    ],
    panel: 'points-lost',
    forMinutes: 0,
    queries: { A: whole(line('', 'btcdmon', 'rate', 'dropped', EXPORTER), within(LIMITS.lostMs)) },
    condition: '$A > 0',
    noData: 'OK',
    measured: '{A} points lost within 5 minutes',
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
    queries: { A: whole(line('', 'btcdmon', 'rate', 'damaged', EXPORTER), within(LIMITS.lostMs)) },
    condition: '$A > 0',
    noData: 'OK',
    measured: 'at least {A} points lost',
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
    queries: {
      A: whole(line('', 'btcdmon', 'rate', 'sent', EXPORTER), within(LIMITS.stuckMs)),
      B: whole(line('', 'btcdmon', 'min', 'queued', EXPORTER), within(LIMITS.stuckMs)),
    },
    condition: '$A == 0 && $B > 0',
    noData: 'OK',
    measured: '{B} points wait',
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
    queries: { A: whole(line('', 'btcdmon', 'min', 'loop_lag_p99'), within(LIMITS.lagForMs)) },
    condition: `$A > ${LIMITS.lagMs}`,
    noData: 'OK',
    measured: 'late by at least {A} ms',
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
    queries: { A: whole(line('', 'btcdmon', 'rate', 'stalled'), within(LIMITS.stalledForMs)) },
    // Milliseconds within that time.
    condition: `$A > ${LIMITS.stalledMs}`,
    noData: 'OK',
    measured: 'stalled for {A} ms within 5 minutes',
  },
  ...NODE_ALERTS,
];
