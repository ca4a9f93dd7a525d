import type { ChainEvents } from '../chain/chain-events';
import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { P2PEvents } from '../p2p/p2p-events';
import type { MempoolEvents } from './mempool-events';
import type { Judge } from './judge';
import type { RelayView } from './relay-view';

/** How often expired transactions are removed. */
const TICK_MS = 60_000;

/** The relay view, the judge, and the events that both follow. */
export interface SyncRelayViewModules {
  readonly view: RelayView;
  readonly judge: Judge;
  readonly bus: EventBus<P2PEvents & ChainEvents & MempoolEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Passes to the relay view what peers announce and send, and the blocks that join and leave the best chain. A
 * transaction is judged after it was added to the view, because the view knows its fee. A judged block is
 * looked through before the view takes it.
 */
export function syncRelayView({ view, judge, bus, clock }: SyncRelayViewModules): void {
  const examiner = view.examiner(judge.policy);
  let ticked = clock.monotonicMs();
  bus.on('announced', ({ items }) => view.announced(items));
  bus.on('transaction', ({ transaction, first, receivedMs }) => {
    const now = clock.monotonicMs();
    if (first && judge.judge(transaction, view.add(transaction, now), receivedMs))
      view.judgedStandard(transaction);
    if (now - ticked < TICK_MS) return;
    ticked = now;
    view.tick(now);
  });
  bus.on('outputFound', ({ txid, index, value }) => view.learn(txid, index, value));
  bus.on('processedBlock', (judged) => bus.emit('blockExamined', examiner.examine(judged)));
  bus.on('blockConnected', ({ block }) => view.confirm(block));
  bus.on('blockDisconnected', ({ hash }) => view.disconnect(hash, clock.monotonicMs()));
  bus.on('newBest', () => view.settle());
}
