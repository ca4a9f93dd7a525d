import { INV_TX, INV_WTX, type InventoryItem, kindOfItem } from '../../wire/messages/inventory';
import { displayOf, type Hash } from '../../wire/hash';
import type { Transaction } from '../../wire/transaction';
import { quantile } from '../../lib/quantile';
import { RollingHashes } from '../../lib/rolling-hashes';
import { AnnouncementTimes } from '../announcement-times';
import type { CollectorFactory, MonitorEvents } from '../collector';
import type { PeerInfo } from '../../p2p/p2p-events';
import { PeerNumbers } from '../peer-numbers';
import { PolicySpread } from '../policy-spread';
import { type Announcing, Followed, Spread } from '../spread';

/**
 * How long announcements of one transaction or block are gathered. btcd announces within 10 s of receiving
 * it, Core sooner.
 */
const WINDOW_MS = 30_000;

/**
 * Most ids of transactions that are followed at once: ten times those of the window on mainnet, with two ids
 * for each of 7 transactions a second.
 */
const MAX_TRANSACTIONS = 4_200;

/** Most blocks that are followed at once; hundreds arrive together when a regtest node is told to mine. */
const MAX_BLOCKS = 1_000;

/**
 * Number of hashes remembered after their point was written, two for each transaction: at least an hour of
 * mainnet.
 */
const REMEMBERED = 50_000;

/**
 * Number of ids that wait for their block: 5 to 10 hours of mainnet if none were mined, in at most 13 MB. A
 * transaction that waits longer gets no point about its confirmation.
 */
const UNCONFIRMED = 131_072;

/**
 * `propagation`: who announced a transaction or block first, how long after that the others announced it and
 * our checks ended, and when it was confirmed. Of a watched node also: when it asked for it and announced it
 * itself. A point never changes, so the confirmation has its own point.
 * `policy_differential`: how far transactions spread that relay policies treat differently.
 */
export const propagation: CollectorFactory = ({ emit, monotonicMs, isWatched = false }) => {
  const transactions = new Followed(MAX_TRANSACTIONS);
  const blocks = new Followed(MAX_BLOCKS);
  /** Hashes whose point is written. Later announcements say nothing new about the spread. */
  const told = new RollingHashes<Hash>(REMEMBERED);
  const times = new AnnouncementTimes(UNCONFIRMED);

  const numbers = new PeerNumbers(2 * WINDOW_MS);
  // Peers of a watched node do not announce to it what it announced to them.
  const policies = isWatched ? undefined : new PolicySpread(emit);

  /** A peer that announces something; undefined if too many peers do. */
  const announcing = ({ address, claims }: PeerInfo): Announcing | undefined => {
    const number = numbers.of(address);
    if (number === undefined) return undefined;
    policies?.announcing(number, claims);
    return { address, number };
  };

  const announce = (kind: Spread['kind'], peer: Announcing | undefined, hash: Hash, now: number): void => {
    if (peer === undefined) return;
    const followed = kind === 'tx' ? transactions : blocks;
    const spread = followed.get(hash);
    if (spread !== undefined) {
      followed.announce(spread, peer, now);
    } else if (!told.has(hash) && followed.hasRoomFor(peer)) {
      followed.set(hash, new Spread(kind, peer, now, kind === 'block' ? displayOf(hash) : undefined));
      times.note(hash, now);
    }
  };

  const confirm = (kind: Spread['kind'], hash: Hash, firstAt: number | undefined, now: number): void => {
    if (firstAt === undefined) return;
    emit('propagation', { delay_confirmed: now - firstAt, sha: displayOf(hash) }, { kind });
  };

  /** Notes when a watched node asked for items, or announced them itself. */
  const note = (what: 'requested' | 'relayed', items: readonly InventoryItem[]): void => {
    const now = monotonicMs();
    for (const { type, hash } of items) {
      const spread = kindOfItem(type) === 'tx' ? transactions.get(hash) : blocks.get(hash);
      if (spread !== undefined) spread[what] ??= now - spread.firstAt;
    }
  };

  const arrived = (transaction: Transaction, receivedMs: number): Spread | undefined => {
    const { wireTxid: txid, wireWtxid: wtxid } = transaction;
    const spread = together(transactions.get(txid), transactions.get(wtxid));
    if (spread === undefined) return undefined;
    spread.sha = transaction.txid;
    spread.received ??= receivedMs - spread.firstAt;
    transactions.set(txid, spread);
    transactions.set(wtxid, spread);
    return spread;
  };

  return {
    name: 'propagation',
    on: {
      announced: ({ peer, items }) => {
        const now = monotonicMs();
        const announcer = announcing(peer);
        for (const { type, hash } of items)
          if (type === INV_TX || type === INV_WTX) announce('tx', announcer, hash, now);
      },
      blockAnnounced: ({ peer, hash }) => announce('block', announcing(peer), hash, monotonicMs()),
      handshake: ({ peer, claims }) => policies?.greeted(peer, claims),
      disconnected: ({ peer }) => {
        numbers.left(peer.address, monotonicMs());
        policies?.left(peer);
      },
      // The requests of the listener are no part of how something spread.
      requested: ({ items = [] }) => {
        if (isWatched) note('requested', items);
      },
      relayed: ({ items }) => note('relayed', items),
      // A transaction of a watched node may be judged by what its RPC tells, later or not at all.
      ...(isWatched && {
        transaction: ({ transaction, first, receivedMs }: MonitorEvents['transaction']) => {
          if (first) arrived(transaction, receivedMs);
        },
      }),
      judged: ({ transaction, measures, fee = null, receivedMs, judgedMs }) => {
        const spread = arrived(transaction, receivedMs);
        if (spread === undefined) return;
        if (judgedMs !== undefined) spread.processed ??= judgedMs - spread.firstAt;
        spread.difference = policies?.judged(transaction.wireTxid, measures, fee);
      },
      block: ({ peer, block, requested, receivedMs }) => {
        const hash = block.wireHash;
        // Who sends a block that nobody asked for announces it with that.
        if (!requested) announce('block', announcing(peer), hash, receivedMs);
        const spread = blocks.get(hash);
        if (spread !== undefined) spread.received ??= receivedMs - spread.firstAt;
      },
      processedBlock: ({ block, status }) => {
        if (status !== 'accepted' && status !== 'side_chain' && status !== 'rejected') return;
        const spread = blocks.get(block.wireHash);
        if (spread !== undefined) spread.processed ??= monotonicMs() - spread.firstAt;
      },
      blockConnected: ({ block }) => {
        const now = monotonicMs();
        confirm('block', block.wireHash, times.take(block.wireHash), now);
        for (const { wireTxid, wireWtxid } of block.transactions) {
          confirm('tx', wireTxid, earliest(times.take(wireTxid), times.take(wireWtxid)), now);
          policies?.confirmed(wireTxid);
        }
      },
    },
    interval: () => {
      const now = monotonicMs();
      const until = now - WINDOW_MS;
      numbers.expire(now);
      for (const followed of [transactions, blocks]) {
        const { spreads, hashes } = followed.takeUntil(until);
        for (const hash of hashes) told.add(hash);
        for (const spread of spreads) {
          const delays = spread.delaysUs();
          emit(
            'propagation',
            {
              first_peer: spread.firstPeer,
              peers: delays.length,
              delay_2nd: msOf(delays[1]),
              delay_p50: msOf(quantile(delays, 0.5)),
              delay_p90: msOf(quantile(delays, 0.9)),
              delay_requested: spread.requested,
              delay_received: spread.received,
              delay_processed: spread.processed,
              delay_relayed: spread.relayed,
              sha: spread.sha,
            },
            { kind: spread.kind },
          );
          policies?.ended(spread);
          spread.release();
        }
      }
      policies?.interval();
    },
  };
};

/** Combines two spreads of one transaction that was announced by both of its ids. */
function together(a: Spread | undefined, b: Spread | undefined): Spread | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  const [first, second] = a.firstAt <= b.firstAt ? [a, b] : [b, a];
  first.absorb(second);
  return first;
}

function earliest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Milliseconds of microseconds. */
function msOf(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1_000;
}
