import type { CollectorFactory } from '../collector';
import { bandwidth } from './bandwidth';
import { blocks } from './blocks';
import { btcdmon } from './btcdmon';
import { mempool } from './mempool';
import { msgRecv } from './msg-recv';
import { msgSent } from './msg-sent';
import { peers } from './peers';
import { tx } from './tx';

/** Every collector, in the order in which they write an interval; `btcdmon` counts the others and comes last. */
export const COLLECTORS: readonly CollectorFactory[] = [
  bandwidth,
  msgRecv,
  msgSent,
  peers,
  blocks,
  mempool,
  tx,
  btcdmon,
];
