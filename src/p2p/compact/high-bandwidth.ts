import type { Connection } from '../connection';
import type { PeerInfo } from '../p2p-events';
import { LinkedList, type ListItem } from '../../lib/linked-list';
import { encodeSendCmpct, type SendCmpctMessage } from '../../wire/messages/sendcmpct';

/** The only version that we support: the one with witnesses (BIP152). */
const VERSION = 2n;

/** How many peers send compact blocks unasked (BIP152). */
const MAX_CHOSEN = 3;

/** What is needed of a peer here. */
export type CompactPeer = Pick<Connection, 'claimsWitness' | 'send'> & Pick<PeerInfo, 'outbound'>;

/** A peer in the order in which peers were first with a block. */
class RankedPeer implements ListItem<RankedPeer> {
  list: LinkedList<RankedPeer> | null = null;
  previous: RankedPeer | null = null;
  next: RankedPeer | null = null;

  constructor(readonly peer: CompactPeer) {}
}

/**
 * Decides which peers send compact blocks unasked (high-bandwidth mode): at most three, those that were first
 * with a block most recently (Core 31 `src/net_processing.cpp` MaybeSetPeerAsAnnouncingHeaderAndIDs). Core
 * asks no peer before the first block. We ask the first three peers at once.
 */
export class HighBandwidth {
  /** The peers that support version 2. */
  private readonly peers = new Map<CompactPeer, RankedPeer>();
  /** The same peers; the one that was first with a block most recently is last. */
  private readonly order = new LinkedList<RankedPeer>();
  /** The peers in high-bandwidth mode; the one that was first with a block longest ago is first. */
  private readonly chosen: CompactPeer[] = [];

  /** Whether a peer supports our version of compact blocks. */
  supports(connection: CompactPeer): boolean {
    return this.peers.has(connection);
  }

  /** Takes the `sendcmpct` of a peer, which may come more than once. We have no blocks to send to it. */
  offered(connection: CompactPeer, { version }: SendCmpctMessage): void {
    if (version !== VERSION || !connection.claimsWitness || this.supports(connection)) return;
    const ranked = new RankedPeer(connection);
    this.peers.set(connection, ranked);
    this.order.push(ranked);
    if (this.chosen.length < MAX_CHOSEN) this.choose(connection);
    else tell(connection, false);
  }

  /** Notes that a peer was the first to deliver a block. */
  wasFirst(connection: CompactPeer): void {
    const ranked = this.peers.get(connection);
    if (ranked === undefined) return;
    this.order.remove(ranked);
    this.order.push(ranked);
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

  /** Notes that a peer did not send the rest of a block. Another peer replaces it, if there is one. */
  lapsed(connection: CompactPeer): void {
    const ranked = this.peers.get(connection);
    if (ranked === undefined) return;
    this.order.remove(ranked);
    this.order.unshift(ranked);
    const index = this.chosen.indexOf(connection);
    if (index < 0 || this.order.size <= MAX_CHOSEN) return;
    this.chosen.splice(index, 1);
    tell(connection, false);
    this.chooseLast(connection);
  }

  /** Forgets a peer that is gone. Another peer replaces it. */
  ended(connection: CompactPeer): void {
    const ranked = this.peers.get(connection);
    if (ranked === undefined) return;
    this.peers.delete(connection);
    this.order.remove(ranked);
    const index = this.chosen.indexOf(connection);
    if (index < 0) return;
    this.chosen.splice(index, 1);
    this.chooseLast(connection);
  }

  /** Chooses, of the other peers, the one that was first with a block most recently. */
  private chooseLast(but: CompactPeer): void {
    for (let ranked = this.order.last; ranked !== null; ranked = ranked.previous) {
      if (ranked.peer === but || this.chosen.includes(ranked.peer)) continue;
      this.choose(ranked.peer, 0);
      return;
    }
  }

  /**
   * The index of the chosen peer that a newcomer replaces. An inbound peer does not replace the only outbound
   * one, because anybody can dial us.
   */
  private leastUseful(newcomer: CompactPeer): number {
    const dialled = this.chosen.filter(({ outbound }) => outbound);
    return !newcomer.outbound && dialled.length === 1 && this.chosen[0] === dialled[0] ? 1 : 0;
  }

  private choose(connection: CompactPeer, index = this.chosen.length): void {
    this.chosen.splice(index, 0, connection);
    tell(connection, true);
  }
}

function tell(connection: CompactPeer, highBandwidth: boolean): void {
  connection.send('sendcmpct', encodeSendCmpct({ highBandwidth, version: VERSION }));
}
