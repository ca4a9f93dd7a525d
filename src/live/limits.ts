const MINUTE_MS = 60_000;

/**
 * From where on a node is not well. Each limit is that of an alert, whose name stands beside it; a test holds
 * them together. The page says at once what an alert says after some minutes.
 */
export const LIMITS = {
  /** BtcdmonNoBlock: the best chain did not grow for so long. */
  noBlockMs: 60 * MINUTE_MS,
  /** BtcdmonNodeBehind: the node is so many blocks behind others. */
  behindBlocks: 2,
  /** BtcdmonReorganisation: so many blocks left the best chain at once, within so long. */
  reorgDepth: 2,
  reorgMs: 60 * MINUTE_MS,
  /** BtcdmonFewPeers: less than this part of the peers of an hour ago, where these were at least so many. */
  fewPeersPart: 0.5,
  fewPeersFrom: 4,
  /** BtcdmonMempoolSurge: more than so many transactions, and so many times those of three hours before. */
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
