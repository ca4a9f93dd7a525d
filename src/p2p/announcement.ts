import type { Candidates } from './candidates';
import type { Connection } from './connection';
import { LinkedList, type ListItem } from './linked-list';
import { type Forgiveness, Reliability } from './reliability';

/** 16 transactions that come make up for one that did not, or two minutes. */
const FORGIVING: Forgiveness = { perDelivery: 1 / 16, afterMs: 120_000 };

/** So many requests without an answer in time count as one lapse while they last. */
const OVERDUE_A_LAPSE = 4;

/**
 * What an announcement waits for. It stands in one list at most, by its state:
 * `delayed` - for its delay to pass (in the deadlines);
 * `queued` - for its turn under the limit (in the line of its peer);
 * `standby` - for the peer that was asked to fail (among the candidates of the transaction);
 * `asked` - for the transaction, for a short time; `overdue` - for longer (in the deadlines);
 * `done` - for nothing: the peer did not give the transaction.
 */
export type AnnouncementState = 'delayed' | 'queued' | 'standby' | 'asked' | 'overdue' | 'done';

/** A transaction that is wanted, under the id by which it was announced. */
export interface WantedTransaction {
  readonly hash: string;
  announcements: Announcement[];
  /** Of these, the ones that are not done. */
  open: number;
  /** Who was asked last, unless that failed. */
  asked: Announcement | null;
  /** Who could be asked next; made when it is needed. */
  standby: Candidates<Announcement> | null;
  /** Whether it was counted as one that the limit holds back. */
  held: boolean;
}

/** A peer that announces transactions. */
export class Announcer implements ListItem<Announcer> {
  list: LinkedList<Announcer> | null = null;
  previous: Announcer | null = null;
  next: Announcer | null = null;
  /** What it has announced and has not come yet, by hash. */
  readonly announcements = new Map<string, Announcement>();
  /** Announcements that wait for their turn. */
  readonly queue = new LinkedList<Announcement>();
  readonly reliability: Reliability;
  /** Whether its handshake is complete. */
  established = false;
  /** Requests without an answer, and those of them that are late. */
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
  /** Where it stands among the announcements of its transaction. */
  private position: number;

  constructor(
    readonly transaction: WantedTransaction,
    readonly peer: Announcer,
    /** INV_TX or INV_WTX. */
    readonly type: number,
  ) {
    const { announcements } = transaction;
    this.position = announcements.length;
    // Most transactions have one announcer: an array that is pushed to has room for 16 more, an array of one
    // item has not.
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

  /**
   * Takes it out of the list that it stands in, and changes its state; what is counted of its peer follows.
   */
  become(state: AnnouncementState): void {
    const { peer } = this;
    this.list?.remove(this);
    // A peer with an empty line waits for no turn.
    if (this.state === 'queued' && peer.queue.size === 0) peer.list?.remove(peer);
    if (this.isInFlight) peer.inFlight--;
    if (this.state === 'overdue') peer.overdue--;
    if (state === 'done' && this.state !== 'done') this.transaction.open--;
    this.state = state;
    if (this.isInFlight) peer.inFlight++;
    if (state === 'overdue') peer.overdue++;
  }

  /** Forgets it on the side of its transaction; the last announcement takes its place. */
  leaveTransaction(): void {
    const { announcements } = this.transaction;
    const last = announcements.pop();
    if (last === undefined || last === this) return;
    announcements[this.position] = last;
    last.position = this.position;
  }
}
