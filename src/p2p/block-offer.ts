import type { Candidates } from './candidates';
import type { Connection } from './connection';
import type { LinkedList, ListItem } from './linked-list';
import { type Forgiveness, Reliability } from './reliability';

/** Whoever let a block lapse is asked last for an hour, or until two others have come; see LAPSE. */
const FORGIVING: Forgiveness = { perDelivery: 1, afterMs: 3_600_000 };

/** As how many lapses a block counts that did not come. */
export const LAPSE_WEIGHT = 5;

/**
 * What an offer waits for:
 * `standby` - for the peer that was asked to fail (among the candidates for the block);
 * `asked` - for the block, for a short time; `overdue` - for longer (in the deadlines);
 * `done` - for nothing: the peer did not give the block.
 */
export type OfferState = 'standby' | 'asked' | 'overdue' | 'done';

/** A block that is wanted. */
export interface PendingBlock {
  readonly hash: string;
  readonly offers: Map<BlockPeer, BlockOffer>;
  readonly standby: Candidates<BlockOffer>;
  /** Who may be asked where nobody has announced the block, of all who could have it. */
  readonly fetchers: readonly Connection[];
  /** Who was asked last, unless that failed. */
  asked: BlockOffer | null;
  /** How many were asked and have not answered. */
  inFlight: number;
  /** Whether somebody was asked in vain. */
  lapsed: boolean;
  /** Whether no peer has announced it. */
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

/** One block that one peer has, or may have. */
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

  /** Takes it out of the list that it stands in, and changes its state; what is counted follows. */
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
