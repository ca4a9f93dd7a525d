import type { PeerBudget } from '../p2p/budget/peer-budget';
import { pointsOf } from '../p2p/budget/points-of';
import { PingManager } from '../p2p/ping-manager';
import type { Transaction } from '../wire/transaction';

/**
 * The most headers with which a node announces blocks (Core 31 `src/net_processing.cpp`
 * MAX_BLOCKS_TO_ANNOUNCE; btcd v0.26 sends one).
 */
const MAX_ANNOUNCED = 8;

/** How long to wait for an answer to `getheaders`, in ms: btcd gives none while it loads the chain. */
const ANSWER_MS = 20_000;

/** Tells headers that announce blocks (BIP130) from those that were asked for, of one direction. */
class HeadersWatch {
  private awaited = 0;
  private askedMs = 0;

  /** The other side asked for headers. */
  asked(nowMs: number): void {
    this.awaited += 1;
    this.askedMs = nowMs;
  }

  /** Takes headers. Returns whether they announce blocks. */
  isAnnouncement(count: number, nowMs: number): boolean {
    if (nowMs - this.askedMs > ANSWER_MS) this.awaited = 0;
    if (this.awaited > 0) {
      this.awaited -= 1;
      return false;
    }
    return count <= MAX_ANNOUNCED;
  }
}

/** What is remembered of a connection between two of its messages. */
export class PeerState {
  /** The pings of the node. */
  readonly pings = new PingManager();
  /** Headers from the peer, and from the node. */
  readonly headers = { in: new HeadersWatch(), out: new HeadersWatch() } as const;

  /** @param budget limits the points of an inbound peer's transactions; null for one that the node dialled */
  constructor(readonly budget: PeerBudget | null) {}

  /** Whether the points of a transaction from the peer may be made. */
  affords(transaction: Transaction, bytes: number, nowMs: number): boolean {
    const { budget } = this;
    if (budget === null) return true;
    // Whether it was asked for decides what its points cost. The message itself has passed already.
    budget.message('tx', bytes, nowMs);
    return budget.demand(pointsOf(transaction), nowMs) === 'granted';
  }
}
