import { LIMITS } from '../live/limits';
import { line } from '../panels/panel';
import type { Alert } from './alert';
import { ofNetwork, overBuckets, whole } from './alert-query';

/** Alerts about watched nodes (`--watch`). */
export const NODE_ALERTS: readonly Alert[] = [
  {
    name: 'BtcdmonNodeUnreachable',
    slug: 'node-unreachable',
    title: 'The watched node does not answer',
    severity: 'critical',
    summary: '{node} has answered no call of its RPC for 3 minutes',
    meaning:
      'The monitor runs, and no call of the watched node’s RPC has succeeded for three minutes: the node is down or starting, it hangs, or it refuses the login or presents another certificate.',
    steps: [
      'The log of the monitor has one line that says why the node does not answer.',
      'Check whether the node runs, and read the end of its log. A node that starts may load its blocks for minutes.',
      'If the node runs, ask it on its own machine: `btcctl getblockcount` or `bitcoin-cli getblockcount`.',
    ],
    panel: 'node-up',
    forMinutes: 1,
    queries: {
      A: whole(line('', 'node_status', 'sum', 'rpc_calls'), [180, 0]),
      B: whole(line('', 'node_status', 'sum', 'rpc_failed'), [180, 0]),
    },
    condition: '$A == $B',
    noData: 'OK',
    measured: '{B} of {A} calls failed within 3 minutes',
  },
  {
    name: 'BtcdmonNodeBehind',
    slug: 'node-behind',
    title: 'The watched node is behind the network',
    severity: 'critical',
    summary: '{node} has been 2 blocks or more behind the network for 5 minutes',
    meaning:
      'The best block of the watched node is two or more below the best block that any node of this store has seen on the network within six hours. The node answers its RPC. While it loads the chain for the first time, this is expected: silence the alert.',
    steps: [
      'Check the peers of the node: without peers that have the blocks it can’t load them.',
      'The panel “Longest branches of the chain” shows whether the node calls the branch of the others invalid. Then its rules differ: read its log, and compare its version.',
      'If blocks come but are connected slowly, look at the disk and the processor of its machine.',
    ],
    panel: 'node-height',
    forMinutes: 5,
    queries: {
      A: whole(line('', 'node_status', 'max', 'height'), [300, 0]),
      B: ofNetwork(line('', 'blocks', 'max', 'best_height'), [21_600, 0]),
    },
    condition: `$B - $A >= ${LIMITS.behindBlocks}`,
    noData: 'OK',
    measured: 'its height is {A}, that of the network {B}',
  },
  {
    name: 'BtcdmonNodeFewPeers',
    slug: 'node-few-peers',
    title: 'The watched node has fewer than 8 peers',
    severity: 'warning',
    summary: '{node} has had fewer than 8 peers for 10 minutes',
    meaning:
      'A node with its usual settings has 8 outbound peers or more. With fewer it learns of blocks and transactions later, and it is easier to isolate. The alert is about watched nodes that answer; nodes that are meant to have few peers (`--connect`) need a silence.',
    steps: [
      'If the node has just started, wait: it dials its peers one after the other.',
      'Check the network of its machine, and whether it can dial the port of the Bitcoin network, or reach its proxy.',
      'The panel “Peers that left, per hour” shows whether peers come and go.',
    ],
    panel: 'node-transport',
    forMinutes: 5,
    queries: {
      A: whole(line('', 'peers', 'max', 'total_connected'), [300, 0]),
      B: whole(line('', 'node_status', 'max', 'height'), [300, 0]),
    },
    condition: '$A < 8 && $B >= 0',
    noData: 'OK',
    measured: 'at most {A} peers within 5 minutes',
  },
  {
    name: 'BtcdmonMempoolStuck',
    slug: 'mempool-stuck',
    title: 'The mempool of the watched node is stuck',
    severity: 'warning',
    summary: 'For 30 minutes no transaction has come into the mempool of {node} or left it',
    meaning:
      'Transactions wait in the mempool of a watched node, and their number was the same at every interval of thirty minutes: none came, and none left. The node answered all the time. On mainnet some come every second; on test networks this can be normal.',
    steps: [
      'Check the peers of the node, and whether they send transactions: `blocksonly` and peers that are block-only send none.',
      'Compare with the listener’s mempool panels. If that grows, the node is cut off or does not accept what it gets.',
      'The panel “Least feerates” shows whether the node wants a fee that nobody pays.',
    ],
    panel: 'mempool-count',
    forMinutes: 0,
    queries: {
      A: whole(line('', 'mempool', 'max', 'num_tx'), [1_800, 0]),
      B: whole(line('', 'mempool', 'min', 'num_tx'), [1_800, 0]),
      C: overBuckets('count', line('', 'node_status', 'count', 'height'), 2, [1_800, 0]),
    },
    // Answers in each of the 2 minutes, of which the outer ones may be cut off.
    condition: '$A == $B && $A > 0 && $C >= 14',
    noData: 'OK',
    measured: '{A} transactions for 30 minutes',
  },
  {
    name: 'BtcdmonRpcSlow',
    slug: 'rpc-slow',
    title: 'The RPC of the watched node is slow',
    severity: 'warning',
    summary: 'Calls of the RPC of {node} take more than a second',
    meaning:
      'For five minutes the median call took more than a second, as a mean over the intervals. Wallets and miners that ask the node wait as long. The monitor’s own numbers of the node come late.',
    steps: [
      'Look at the processor, the disk and the memory of the node’s machine. Loading blocks and compacting the database make it slow.',
      'Check who else asks the node, and what: rescans and the verbose mempool take long.',
      'The panel “Time of RPC calls, per minute” shows what the monitor’s own calls take.',
    ],
    panel: 'rpc-latency',
    forMinutes: 5,
    queries: { A: whole(line('', 'node_status', 'mean', 'rpc_latency'), [300, 0]) },
    condition: '$A > 1000',
    noData: 'OK',
    measured: '{A} ms for the median call',
  },
  {
    name: 'BtcdmonBanScores',
    slug: 'ban-scores',
    title: 'Ban scores are rising',
    severity: 'warning',
    summary: 'A peer of {node} is halfway to its ban',
    meaning:
      'Within ten minutes a peer of the watched btcd had a ban score of 50 or more, half of the default limit, and more than any peer had between two hours and one hour before. Peers are faulty, or somebody tries what the node permits. The node must have been watched for two hours.',
    steps: [
      'The tab “Node” of the page sorts the peers by their score. `btcctl getpeerinfo` has it as `banscore`.',
      'The log of btcd says what each misbehaving peer did.',
      'Behind a tap the node sees inbound peers under one address, so it can’t ban them one by one: use the limits and bans of the tap.',
    ],
    panel: 'ban-scores',
    forMinutes: 0,
    queries: {
      A: whole(line('', 'peers', 'max', 'ban_score_max'), [600, 0]),
      B: whole(line('', 'peers', 'max', 'ban_score_max'), [7_200, 3_600]),
    },
    condition: '$A >= 50 && $A > $B',
    noData: 'OK',
    measured: 'a score of {A}, at most {B} before',
  },
];
