import { NETWORK_NAMES, isLocalNetwork } from '../wire/networks';

const MINUTE_MS = 60_000;

/** BtcdmonNoBlock: the networks that are mined all the time. On the others blocks come on demand. */
export const MINED_NETWORKS = NETWORK_NAMES.filter((network) => !isLocalNetwork(network));

/**
 * The limits beyond which a node is not well. The verdicts of the page and the alerts (`src/alerts`, and the
 * generated rules of Grafana and Prometheus) take them from here. Each limit names its alert. The page shows
 * at once what an alert reports after some minutes.
 */
export const LIMITS = {
  /** BtcdmonNoBlock: the best chain did not grow for so long. */
  noBlockMs: 60 * MINUTE_MS,
  /** BtcdmonNodeBehind: the node is so many blocks behind others. */
  behindBlocks: 2,
  /** BtcdmonReorganisation: so many blocks left the best chain at once, within so long. */
  reorgDepth: 2,
  reorgMs: 60 * MINUTE_MS,
  /** BtcdmonFewPeers, surges: the length of time whose mean is compared with an earlier time. */
  latelyMs: 10 * MINUTE_MS,
  /** BtcdmonFewPeers: the mean is below this part of the earlier peers, if there were at least so many. */
  peersBeforeMs: 60 * MINUTE_MS,
  fewPeersPart: 0.5,
  fewPeersFrom: 4,
  /** BtcdmonMempoolSurge: more than so many transactions, and so many times those of this time before. */
  surgeBeforeMs: 180 * MINUTE_MS,
  surgeFrom: 20_000,
  surgeFactor: 3,
  /** BtcdmonPointsLost, BtcdmonPointsDamaged: points were lost within so long. */
  lostMs: 5 * MINUTE_MS,
  /** BtcdmonPointsStuck: points wait, and none was delivered for so long. */
  stuckMs: 10 * MINUTE_MS,
  /** BtcdmonLoopLag: the event loop is late by more, in each interval of so long. */
  lagMs: 500,
  lagForMs: 5 * MINUTE_MS,
  /** BtcdmonStall: the event loop stalled for longer in total, within so long. */
  stalledMs: 10_000,
  stalledForMs: 5 * MINUTE_MS,
} as const;
