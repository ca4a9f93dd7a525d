import type { Hash } from '../wire/hash';
import type { Candidates } from './candidates';
import type { Connection } from './connection';
import { LinkedList, type ListItem } from '../lib/linked-list';
import { type Forgiveness, Reliability } from './reliability';

/** A lapse is forgiven after 16 deliveries or two minutes. */
const FORGIVING: Forgiveness = { perDelivery: 1 / 16, afterMs: 120_000 };

/** This many overdue requests count as one lapse while they are overdue. */
const OVERDUE_A_LAPSE = 4;

/**
 * What an announcement waits for. It is in one list at most, which its state determines:
 * `delayed` - its delay (in the deadlines);
 * `queued` - its turn under the limit (in the queue of its peer);
 * `standby` - a failure of the peer that was asked (among the candidates of the transaction);
 * `asked` - the transaction, for a short time; `overdue` - the same, for longer (in the deadlines);
 * `done` - nothing: the peer did not deliver the transaction.
 */
export type AnnouncementState = 'delayed' | 'queued' | 'standby' | 'asked' | 'overdue' | 'done';

/** A wanted transaction, under the id by which it was announced. */
export interface WantedTransaction {
  readonly hash: Hash;
  announcements: Announcement[];
  /** Number of announcements that are not done. */
  open: number;
  /** The announcement whose peer was asked last; null if that failed. */
  asked: Announcement | null;
  /** The announcements whose peers could be asked next; created when it is needed. */
  standby: Candidates<Announcement> | null;
  /** Whether it was counted as delayed by the limit. */
  held: boolean;
}

/** A peer that announces transactions. */
export class Announcer implements ListItem<Announcer> {
  list: LinkedList<Announcer> | null = null;
  previous: Announcer | null = null;
  next: Announcer | null = null;
  /** Its announcements of transactions that have not come yet, by hash. */
  readonly announcements = new Map<Hash, Announcement>();
  /** Announcements that wait for their turn to be requested. */
  readonly queue = new LinkedList<Announcement>();
  readonly reliability: Reliability;
  /** Whether its handshake is complete. */
  established = false;
  /** Requests without an answer, and how many of them are overdue. */
  inFlight = 0;
  overdue = 0;

  constructor(
    readonly connection: Connection,
    monotonicMs: () => number,
  ) {
    this.reliability = new Reliability(connection.outbound, FORGIVING, monotonicMs);
  }

  get preferred(): boolean {
    return this.reliability.preferred;
  }

  /** See `Reliability`. */
  get rank(): number {
    return this.reliability.rank(this.overdue / OVERDUE_A_LAPSE);
  }
}

/** One announcement of one peer. */
export class Announcement implements ListItem<Announcement> {
  list: LinkedList<Announcement> | null = null;
  previous: Announcement | null = null;
  next: Announcement | null = null;
  due = 0;
  state: AnnouncementState = 'delayed';
  /** Its index among the announcements of its transaction. */
  private position: number;

  constructor(
    readonly transaction: WantedTransaction,
    readonly peer: Announcer,
    /** INV_TX or INV_WTX. */
    readonly type: number,
  ) {
    const { announcements } = transaction;
    this.position = announcements.length;
    // Most transactions have one announcer. An array that grows by `push` reserves room for 16 more items; an
    // array literal does not.
    if (announcements.length === 0) transaction.announcements = [this];
    else announcements.push(this);
    transaction.open++;
    peer.announcements.set(transaction.hash, this);
  }

  get rank(): number {
    return this.peer.rank;
  }

  /** Whether the peer was asked and has not answered. */
  get isInFlight(): boolean {
    return this.state === 'asked' || this.state === 'overdue';
  }

  /** Removes it from its list and changes its state and the counts of its peer. */
  become(state: AnnouncementState): void {
    const { peer } = this;
    this.list?.remove(this);
    // A peer with an empty queue waits for no turn.
    if (this.state === 'queued' && peer.queue.size === 0) peer.list?.remove(peer);
    if (this.isInFlight) peer.inFlight--;
    if (this.state === 'overdue') peer.overdue--;
    if (state === 'done' && this.state !== 'done') this.transaction.open--;
    this.state = state;
    if (this.isInFlight) peer.inFlight++;
    if (state === 'overdue') peer.overdue++;
  }

  /** Removes it from its transaction. The last announcement moves to its index. */
  leaveTransaction(): void {
    const { announcements } = this.transaction;
    const last = announcements.pop();
    if (last === undefined || last === this) return;
    announcements[this.position] = last;
    last.position = this.position;
  }
}
