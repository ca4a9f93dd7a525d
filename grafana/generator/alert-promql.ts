import type { AlertName } from '../../src/alerts/alert';
import { SURGES } from '../../src/alerts/surges';
import { LIMITS, MINED_NETWORKS } from '../../src/live/limits';
import { metricName } from './metric-name';
import { surgeOfCount, surgeOfState } from './surges';

/** A duration in PromQL: `1h`, `10m`. */
function span(ms: number): string {
  const minutes = ms / 60_000;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}

const [lately, before] = [span(LIMITS.latelyMs), span(LIMITS.peersBeforeMs)];
const [late, stalled] = [span(LIMITS.lagForMs), span(LIMITS.stalledForMs)];
const [lost, stuck, young] = [span(LIMITS.lostMs), span(LIMITS.stuckMs), LIMITS.lostMs / 1_000];

const BY = 'by (node, network)';

const connected = metricName('peers', 'total_connected');
const depth = metricName('reorgs', 'depth');
const reorgs = metricName('reorgs', null);
const dropped = metricName('btcdmon', 'dropped');
const damaged = metricName('btcdmon', 'damaged');
const sent = metricName('btcdmon', 'sent');
const up = metricName('node_status', 'is_up');
const waiting = metricName('mempool', 'num_tx');
const latency = metricName('node_status', 'rpc_latency');
const banScore = metricName('peers', 'ban_score_max');

/**
 * While a node does not answer, Prometheus keeps the last values of what it had told; so the alerts about
 * these values want a node that answers.
 */
const ANSWERS = `and on (node, network) ${up} == 1`;

/** PromQL of each alert. It returns a sample for each group that fires. */
export const PROMQL: Readonly<Record<AlertName, string>> = {
  BtcdmonDown: [
    'max_over_time(up{job="btcdmon"}[1m]) == 0',
    'or absent(up{job="btcdmon"})',
    `or sum ${BY} (increase(${metricName('btcdmon', 'emitted')}[2m])) == 0`,
  ].join('\n'),
  BtcdmonNoBlock: `time() - max ${BY} ({__name__=~"${metricName('blocks', 'last_point')}|${metricName('btcdmon', 'started')}", network=~"${MINED_NETWORKS.join('|')}"}) > ${LIMITS.noBlockMs / 1_000}`,
  // More disconnected blocks than reorganisations: at least one reorganisation was two blocks deep. Half a
  // block less allows for the rounding of increase().
  BtcdmonReorganisation: `sum ${BY} (increase(${depth}[${span(LIMITS.reorgMs)}])) - sum ${BY} (increase(${reorgs}[${span(LIMITS.reorgMs)}])) > ${LIMITS.reorgDepth - 1.5}`,
  BtcdmonNoPeers: `max ${BY} (max_over_time(${connected}[3m])) == 0`,
  BtcdmonFewPeers: [
    `max ${BY} (avg_over_time(${connected}[${lately}])) < ${LIMITS.fewPeersPart} * max ${BY} (avg_over_time(${connected}[${lately}] offset ${before}))`,
    `and on (node, network) max ${BY} (avg_over_time(${connected}[${lately}] offset ${before})) >= ${LIMITS.fewPeersFrom}`,
  ].join('\n'),
  BtcdmonViolationSurge: surgeOfCount(SURGES.violations, metricName('rejects', 'violations')),
  BtcdmonAddressSurge: surgeOfCount(SURGES.addresses, metricName('addr_relay', 'entries')),
  BtcdmonMempoolSurge: surgeOfState(SURGES.mempool, metricName('mempool', 'num_tx')),
  BtcdmonPointsLost: `sum by (node, network, exporter) (increase(${dropped}[${lost}])) > 0`,
  // What is found at the start is in the first value that Prometheus gets.
  BtcdmonPointsDamaged: [
    `sum by (node, network, exporter) (increase(${damaged}[${lost}])) > 0`,
    `or (sum by (node, network, exporter) (${damaged}) > 0 and on (node, network) time() - max ${BY} (${metricName('btcdmon', 'started')}) < ${young})`,
  ].join('\n'),
  BtcdmonPointsStuck: [
    `min by (node, network, exporter) (min_over_time(${metricName('btcdmon', 'queued')}[${stuck}])) > 0`,
    `and on (node, network, exporter) sum by (node, network, exporter) (increase(${sent}[${stuck}])) == 0`,
  ].join('\n'),
  BtcdmonLoopLag: `max ${BY} (min_over_time(${metricName('btcdmon', 'loop_lag_p99')}[${late}])) > ${LIMITS.lagMs / 1_000}`,
  BtcdmonStall: `max ${BY} (increase(${metricName('btcdmon', 'stalled')}[${stalled}])) > ${LIMITS.stalledMs / 1_000}`,
  BtcdmonNodeUnreachable: `max ${BY} (max_over_time(${up}[3m])) == 0`,
  BtcdmonNodeBehind: [
    `(max by (network) (${metricName('blocks', 'best_height')}) - on (network) group_right max ${BY} (${metricName('node_status', 'height')})) >= ${LIMITS.behindBlocks}`,
    ANSWERS,
  ].join('\n'),
  BtcdmonNodeFewPeers: [`max ${BY} (max_over_time(${connected}[5m])) < 8`, ANSWERS].join('\n'),
  BtcdmonMempoolStuck: [
    `(max ${BY} (max_over_time(${waiting}[30m])) == min ${BY} (min_over_time(${waiting}[30m]))) > 0`,
    `and on (node, network) min_over_time(${up}[30m]) == 1`,
    `and on (node, network) ${up} offset 30m == 1`,
  ].join('\n'),
  BtcdmonRpcSlow: [`max ${BY} (avg_over_time(${latency}[5m])) > 1`, ANSWERS].join('\n'),
  BtcdmonBanScores: [
    `max ${BY} (max_over_time(${banScore}[10m])) >= 50`,
    `and on (node, network) max ${BY} (max_over_time(${banScore}[10m])) > max ${BY} (max_over_time(${banScore}[1h] offset 1h))`,
    ANSWERS,
  ].join('\n'),
};
