import type { ChainEvents } from '../chain/chain-events';
import type { Clock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
import type { P2PEvents } from '../p2p/events';
import type { MempoolEvents } from './mempool-events';
import type { RelayView } from './relay-view';

/** How often expired transactions are removed. */
const TICK_MS = 60_000;

/**
 * Feeds the relay view: with what peers announce and send, and with the blocks that join and leave the best
 * chain.
 */
export function syncRelayView(
  view: RelayView,
  bus: EventBus<P2PEvents & ChainEvents & MempoolEvents>,
  clock: Clock,
): void {
  let ticked = clock.monotonicMs();
  bus.on('announced', ({ items }) => view.announced(items));
  bus.on('transaction', ({ transaction, first }) => {
    const now = clock.monotonicMs();
    if (first) view.add(transaction, now);
    if (now - ticked < TICK_MS) return;
    ticked = now;
    view.tick(now);
  });
  bus.on('blockConnected', ({ block }) => view.confirm(block));
  bus.on('blockDisconnected', ({ hash }) => view.disconnect(hash, clock.monotonicMs()));
}
