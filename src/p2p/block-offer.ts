import type { Hash } from '../wire/hash';
import type { Candidates } from './candidates';
import type { Connection } from './connection';
import type { LinkedList, ListItem } from '../lib/linked-list';
import { type Forgiveness, Reliability } from './reliability';

/**
 * A peer that let a block lapse is asked last for an hour, or until it has delivered two others; see
 * LAPSE_WEIGHT.
 */
const FORGIVING: Forgiveness = { perDelivery: 1, afterMs: 3_600_000 };

/** A block that did not come counts as this many lapses. */
export const LAPSE_WEIGHT = 5;

/**
 * What an offer waits for:
 * `standby` - a failure of the peer that was asked (among the candidates for the block);
 * `asked` - the block, for a short time; `overdue` - the same, for longer (in the deadlines);
 * `done` - nothing: the peer did not deliver the block.
 */
export type OfferState = 'standby' | 'asked' | 'overdue' | 'done';

/** A wanted block. */
export interface PendingBlock {
  readonly hash: Hash;
  readonly offers: Map<BlockPeer, BlockOffer>;
  readonly standby: Candidates<BlockOffer>;
  /** Peers that may have the block and can be asked if no peer has announced it. */
  readonly fetchers: readonly Connection[];
  /** The offer whose peer was asked last; null if that failed. */
  asked: BlockOffer | null;
  /** Number of peers that were asked and have not answered. */
  inFlight: number;
  /** Whether a peer was asked in vain. */
  lapsed: boolean;
  /** Whether it is requested as a missing block that no peer has announced. */
  fetched: boolean;
}

/** A peer that has blocks. */
export class BlockPeer {
  readonly offers = new Set<BlockOffer>();
  readonly reliability: Reliability;
  /** Blocks that it was asked for and has not sent. */
  inFlight = 0;

  constructor(
    readonly connection: Connection,
    monotonicMs: () => number,
  ) {
    this.reliability = new Reliability(connection.outbound, FORGIVING, monotonicMs);
  }

  /** See `Reliability`. */
  get rank(): number {
    return this.reliability.rank(0);
  }
}

/** One block that one peer has announced or may have. */
export class BlockOffer implements ListItem<BlockOffer> {
  list: LinkedList<BlockOffer> | null = null;
  previous: BlockOffer | null = null;
  next: BlockOffer | null = null;
  due = 0;
  /** How long the peer has to send the block, in milliseconds. */
  timeoutMs = 0;
  state: OfferState = 'standby';

  constructor(
    readonly pending: PendingBlock,
    readonly peer: BlockPeer,
  ) {
    pending.offers.set(peer, this);
    peer.offers.add(this);
  }

  get rank(): number {
    return this.peer.rank;
  }

  /** Whether the peer was asked and has not answered. */
  get isInFlight(): boolean {
    return this.state === 'asked' || this.state === 'overdue';
  }

  /** Removes it from its list and changes its state and the counts of peer and block. */
  become(state: OfferState): void {
    const { peer, pending } = this;
    const before = this.isInFlight ? 1 : 0;
    this.list?.remove(this);
    this.state = state;
    const change = (this.isInFlight ? 1 : 0) - before;
    peer.inFlight += change;
    pending.inFlight += change;
  }
}
