import type { CollectorFactory } from '../collector';
import { addrRelay } from './addr-relay';
import { arrivals } from './arrivals';
import { bandwidth } from './bandwidth';
import { blockTemplates } from './block-templates';
import { blocks } from './blocks';
import { btcdmon } from './btcdmon';
import { chainTips } from './chain-tips';
import { compactBlocks } from './compact-blocks';
import { doubleSpends } from './double-spends';
import { feeError } from './fee-error';
import { inv } from './inv';
import { mempool } from './mempool';
import { mempoolFees } from './mempool-fees';
import { msgRecv } from './msg-recv';
import { msgSent } from './msg-sent';
import { peerSessions } from './peer-sessions';
import { peers } from './peers';
import { ping } from './ping';
import { processedBlocks } from './processed-blocks';
import { propagation } from './propagation';
import { rejects } from './rejects';
import { reorgs } from './reorgs';
import { replacements } from './replacements';
import { tx } from './tx';
import { txFees } from './tx-fees';

/**
 * Every collector. For each event and each interval they run in this order. `propagation` comes after those
 * that examine a transaction, because it measures the time they take. `btcdmon` counts the points of all
 * others and comes last.
 */
export const COLLECTORS: readonly CollectorFactory[] = [
  bandwidth,
  msgRecv,
  msgSent,
  peers,
  peerSessions,
  inv,
  addrRelay,
  ping,
  rejects,
  blocks,
  processedBlocks,
  blockTemplates,
  compactBlocks,
  reorgs,
  chainTips,
  mempool,
  mempoolFees,
  feeError,
  tx,
  txFees,
  doubleSpends,
  replacements,
  propagation,
  arrivals,
  btcdmon,
];

/** The collectors of messages through a tap, with or without an RPC of its node. */
export const TAP_COLLECTORS: readonly CollectorFactory[] = [
  msgRecv,
  msgSent,
  inv,
  addrRelay,
  ping,
  rejects,
  propagation,
];

/** The collectors of events from the RPC of a watched node, or from its tap if there is no RPC. */
export const NODE_COLLECTORS: readonly CollectorFactory[] = [blocks, processedBlocks, reorgs, tx, txFees];

/** The further collectors of a tap whose node is not watched by RPC. */
export const TAP_ALONE_COLLECTORS: readonly CollectorFactory[] = [bandwidth, peers];
