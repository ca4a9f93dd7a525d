import { INV_BLOCK, INV_TX, INV_WTX, wireHash } from '../../p2p/messages/inventory';
import type { PeerInfo } from '../../p2p/events';
import { RollingSet } from '../../p2p/rolling-set';
import type { CollectorFactory } from '../collector';

/** How long announcements of one thing are gathered: btcd announces within 10 s of what it got, Core sooner. */
const WINDOW_MS = 30_000;

/** The most transactions that are followed at once: the load of mainnet, 7 a second over the window, forty times. */
const MAX_FOLLOWED = 8_400;

/** Hashes whose point is written, two of a transaction: about an hour of mainnet at least. */
const REMEMBERED = 50_000;

/** One transaction or block on its way. */
interface Spread {
  readonly kind: 'tx' | 'block';
  readonly firstPeer: string;
  readonly firstAt: number;
  /** When each further peer announced it, by the peer's id. */
  readonly announced: Map<number, number>;
  received?: number;
  processed?: number;
}

/** `propagation`: who announced a transaction or block first, and how far behind the others and our own checks were. */
export const propagation: CollectorFactory = ({ emit, monotonicMs }) => {
  /** By the hash announced; a transaction that is announced by both of its ids stands here under both. */
  const followed = new Map<string, Spread>();
  /** What has its point already: later announcements say nothing new of how it spread. */
  const told = new RollingSet(REMEMBERED);

  const announce = (peer: PeerInfo, kind: Spread['kind'], hash: string, now: number): void => {
    const spread = followed.get(hash);
    if (spread !== undefined) {
      if (!spread.announced.has(peer.id)) spread.announced.set(peer.id, now - spread.firstAt);
    } else if (!told.has(hash) && (kind === 'block' || followed.size < MAX_FOLLOWED)) {
      const announced = new Map([[peer.id, 0]]);
      followed.set(hash, { kind, firstPeer: peer.address, firstAt: now, announced });
    }
  };

  /** Notes receipt and the end of processing: the other handlers of the event have run before this one. */
  const arrive = (spread: Spread | undefined, now: number, then: number): void => {
    if (spread === undefined || spread.received !== undefined) return;
    spread.received = now - spread.firstAt;
    spread.processed = then - spread.firstAt;
  };

  return {
    name: 'propagation',
    on: {
      announced: ({ peer, items }) => {
        const now = monotonicMs();
        for (const { type, hash } of items) {
          if (type === INV_BLOCK) announce(peer, 'block', hash, now);
          else if (type === INV_TX || type === INV_WTX) announce(peer, 'tx', hash, now);
        }
      },
      blockAnnounced: ({ peer, hash }) => announce(peer, 'block', hash, monotonicMs()),
      transaction: ({ transaction, first, receivedMs }) => {
        if (!first) return;
        const txid = wireHash(transaction.txid);
        const wtxid = wireHash(transaction.wtxid);
        const spread = earlier(followed.get(txid), followed.get(wtxid));
        if (spread === undefined) return;
        arrive(spread, receivedMs, monotonicMs());
        followed.set(txid, spread);
        followed.set(wtxid, spread);
      },
      block: ({ block, first, receivedMs }) => {
        if (first) arrive(followed.get(wireHash(block.hash)), receivedMs, monotonicMs());
      },
    },
    interval: () => {
      const before = monotonicMs() - WINDOW_MS;
      const done = new Set<Spread>();
      for (const [hash, spread] of followed) {
        if (spread.firstAt > before) continue;
        followed.delete(hash);
        told.add(hash);
        done.add(spread);
      }
      for (const { kind, firstPeer, announced, received, processed } of done) {
        const delays = [...announced.values()].sort((a, b) => a - b);
        emit(
          'propagation',
          {
            first_peer: firstPeer,
            peers: delays.length,
            delay_2nd: delays[1],
            delay_p50: quantile(delays, 0.5),
            delay_p90: quantile(delays, 0.9),
            delay_received: received,
            delay_processed: processed,
          },
          { kind },
        );
      }
    },
  };
};

/** Of a transaction that was announced by both of its ids, what is known together. */
function earlier(a: Spread | undefined, b: Spread | undefined): Spread | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  const [first, second] = a.firstAt <= b.firstAt ? [a, b] : [b, a];
  const behind = second.firstAt - first.firstAt;
  for (const [peer, delay] of second.announced)
    first.announced.set(peer, Math.min(delay + behind, first.announced.get(peer) ?? Infinity));
  return first;
}

/** The smallest delay within which `share` of the peers had announced it. */
function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
