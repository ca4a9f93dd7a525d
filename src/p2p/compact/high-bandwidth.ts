import type { Connection } from '../connection';
import type { PeerInfo } from '../p2p-events';
import { LinkedList, type ListItem } from '../linked-list';
import { encodeSendCmpct, type SendCmpctMessage } from '../../wire/messages/sendcmpct';

/** The encoding with witnesses, and the only one that is spoken here (BIP152). */
const VERSION = 2n;

/** How many peers announce blocks by sending them (BIP152). */
const MAX_CHOSEN = 3;

/** A peer, as far as this goes. */
export type CompactPeer = Pick<Connection, 'claimsWitness' | 'send'> & Pick<PeerInfo, 'outbound'>;

/** The place of a peer in the order of those that were first with a block. */
class RankedPeer implements ListItem<RankedPeer> {
  list: LinkedList<RankedPeer> | null = null;
  previous: RankedPeer | null = null;
  next: RankedPeer | null = null;

  constructor(readonly peer: CompactPeer) {}
}

/**
 * Decides which peers send compact blocks unasked, in high-bandwidth mode: at most three of those that speak
 * version 2, the last ones that were first with a block (Core 31 `src/net_processing.cpp`
 * MaybeSetPeerAsAnnouncingHeaderAndIDs). Core asks nobody before the first block; here the first three peers
 * are asked at once.
 */
export class HighBandwidth {
  /** Peers that speak version 2. */
  private readonly peers = new Map<CompactPeer, RankedPeer>();
  /** The same; the ones that were first with a block last. */
  private readonly order = new LinkedList<RankedPeer>();
  /** The one that was first with a block the longest ago first. */
  private readonly chosen: CompactPeer[] = [];

  /** Whether a peer speaks the compact blocks that are spoken here. */
  supports(connection: CompactPeer): boolean {
    return this.peers.has(connection);
  }

  /**
   * Takes the `sendcmpct` of a peer, which may come more than once. Blocks that it wants of us we do not
   * have.
   */
  offered(connection: CompactPeer, { version }: SendCmpctMessage): void {
    if (version !== VERSION || !connection.claimsWitness || this.supports(connection)) return;
    const place = new RankedPeer(connection);
    this.peers.set(connection, place);
    this.order.push(place);
    if (this.chosen.length < MAX_CHOSEN) this.choose(connection);
    else tell(connection, false);
  }

  /** Notes that a peer was the first to give a block. */
  wasFirst(connection: CompactPeer): void {
    const place = this.peers.get(connection);
    if (place === undefined) return;
    this.order.remove(place);
    this.order.push(place);
    const index = this.chosen.indexOf(connection);
    if (index >= 0) {
      this.chosen.splice(index, 1);
      this.chosen.push(connection);
      return;
    }
    if (this.chosen.length >= MAX_CHOSEN)
      for (const other of this.chosen.splice(this.leastUseful(connection), 1)) tell(other, false);
    this.choose(connection);
  }

  /** Notes that a peer did not send the rest of a block: another takes its place, if there is one. */
  lapsed(connection: CompactPeer): void {
    const place = this.peers.get(connection);
    if (place === undefined) return;
    this.order.remove(place);
    this.order.unshift(place);
    const index = this.chosen.indexOf(connection);
    if (index < 0 || this.order.size <= MAX_CHOSEN) return;
    this.chosen.splice(index, 1);
    tell(connection, false);
    this.chooseLast(connection);
  }

  /** Forgets a peer that is gone; another takes its place. */
  ended(connection: CompactPeer): void {
    const place = this.peers.get(connection);
    if (place === undefined) return;
    this.peers.delete(connection);
    this.order.remove(place);
    const index = this.chosen.indexOf(connection);
    if (index < 0) return;
    this.chosen.splice(index, 1);
    this.chooseLast(connection);
  }

  /** Chooses the last one that was first with a block, of those that are not chosen. */
  private chooseLast(but: CompactPeer): void {
    for (let place = this.order.last; place !== null; place = place.previous) {
      if (place.peer === but || this.chosen.includes(place.peer)) continue;
      this.choose(place.peer, 0);
      return;
    }
  }

  /**
   * Which one a peer takes the place of. Who dialled us, as anybody can, does not take that of the last one
   * we dialled.
   */
  private leastUseful(newcomer: CompactPeer): number {
    const dialled = this.chosen.filter(({ outbound }) => outbound);
    return !newcomer.outbound && dialled.length === 1 && this.chosen[0] === dialled[0] ? 1 : 0;
  }

  private choose(connection: CompactPeer, place = this.chosen.length): void {
    this.chosen.splice(place, 0, connection);
    tell(connection, true);
  }
}

function tell(connection: CompactPeer, highBandwidth: boolean): void {
  connection.send('sendcmpct', encodeSendCmpct({ highBandwidth, version: VERSION }));
}
