import { BlockPeer } from './block-offer';
import type { Connection } from './connection';
import { LAST_RANK } from './reliability';

/**
 * How many blocks may be in flight from one peer or wait for it to be asked. An inventory of invented hashes
 * fills no more than this, and excludes no block of another peer.
 */
const MAX_OFFERS = 512;

/**
 * Peers that dialled us share this many, in 30 MB. Each may have the minimum, however many peers there are.
 */
const SHARED_OFFERS = 32_768;
const MIN_OFFERS = 16;

/** The same limits for peers that joining found: 128 of them may each have the maximum. */
const JOINED_OFFERS = 65_536;

/**
 * Missing blocks that one peer is asked for at once (Core 31 `src/net_processing.h`
 * MAX_BLOCKS_IN_TRANSIT_PER_PEER: 16 as well).
 */
export const FETCHES_A_PEER = 16;

/** The peers that have blocks, and how many blocks each is asked for. */
export class BlockPeers {
  private readonly peers = new Map<Connection, BlockPeer>();

  constructor(private readonly monotonicMs: () => number) {}

  get(connection: Connection): BlockPeer | undefined {
    return this.peers.get(connection);
  }

  /** The peer of a connection, which is added if it is new. */
  of(connection: Connection): BlockPeer {
    let peer = this.peers.get(connection);
    if (peer === undefined) {
      peer = new BlockPeer(connection, this.monotonicMs);
      this.peers.set(connection, peer);
    }
    return peer;
  }

  delete(connection: Connection): void {
    this.peers.delete(connection);
  }

  /** How many blocks may be in flight from a peer or wait for it. */
  maxOffers({ connection: { kind } }: BlockPeer): number {
    if (kind === 'kept') return MAX_OFFERS;
    const share = Math.floor((kind === 'joined' ? JOINED_OFFERS : SHARED_OFFERS) / this.peers.size);
    return Math.min(MAX_OFFERS, Math.max(MIN_OFFERS, share));
  }

  /** How long a peer has for a missing block. It sends its blocks one after the other. */
  fetchTimeoutMs({ inFlight }: BlockPeer, timeoutMs: number): number {
    return timeoutMs * (1 + Math.min(inFlight, FETCHES_A_PEER - 1));
  }

  /**
   * The peer with the fewest blocks in flight. Peers that never let a block lapse come first, and preferred
   * peers before others.
   * @param most a peer with so many blocks in flight is not taken
   * @param asked peers that were asked before; they are not taken
   */
  leastLoaded(
    connections: readonly Connection[],
    most: number,
    asked?: ReadonlyMap<BlockPeer, unknown>,
  ): BlockPeer | undefined {
    let best: BlockPeer | undefined;
    let bestOrder = Infinity;
    let anyGood = false;
    for (const connection of connections) {
      if (connection.ended) continue;
      const peer = this.of(connection);
      if (asked?.has(peer) === true) continue;
      const isGood = peer.rank !== LAST_RANK;
      if (isGood && !anyGood) {
        anyGood = true;
        best = undefined;
        bestOrder = Infinity;
      }
      if (peer.inFlight >= most || isGood !== anyGood) continue;
      const order = (peer.reliability.preferred ? 0 : MAX_OFFERS * 2) + peer.inFlight;
      if (order >= bestOrder) continue;
      best = peer;
      bestOrder = order;
    }
    return best;
  }
}
