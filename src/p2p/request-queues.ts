import type { Announcement, Announcer } from './announcement';
import { LinkedList } from '../lib/linked-list';
import { LAST_RANK, LEAST_PREFERRED } from './reliability';

/**
 * Kinds of peers, in the order in which they are served: preferred ones, others, and those that let many
 * requests lapse.
 */
const KINDS = 3;

export interface RequestQueuesModules {
  readonly monotonicMs: () => number;
  /** Asks a peer for at most `most` items of its queue; returns for how many. */
  readonly serve: (peer: Announcer, most: number) => number;
}

/**
 * Shares the limit on requests among the peers. Each peer has its own queue, so that a flood delays only the
 * peer that caused it. The queues of preferred peers come first. Queues of one kind share evenly. A peer with
 * an empty queue costs nothing.
 */
export class RequestQueues {
  private readonly busy = Array.from({ length: KINDS }, () => new LinkedList<Announcer>());
  private allowance: number;
  private refilled: number;

  constructor(
    private readonly perSecond: number,
    private readonly modules: RequestQueuesModules,
  ) {
    this.allowance = perSecond;
    this.refilled = modules.monotonicMs();
  }

  /**
   * Adds an announcement to the queue of its peer; at the front if other peers were asked for the transaction
   * in vain.
   */
  add(announcement: Announcement, atFront = false): void {
    const { peer } = announcement;
    announcement.become('queued');
    if (atFront) peer.queue.unshift(announcement);
    else peer.queue.push(announcement);
    if (peer.list === null) this.busyOf(peer)?.push(peer);
  }

  /** Serves a peer at once if no other peer of its kind or an earlier one waits. */
  serveAtOnce(peer: Announcer): void {
    const kind = kindOf(peer);
    for (let i = 0; i <= kind; i++) {
      const list = this.busy[i];
      if (list !== undefined && list.size > 0 && (list.size > 1 || list.first !== peer)) return;
    }
    const allowed = this.allowed();
    if (allowed > 0) this.allowance -= this.modules.serve(peer, allowed);
  }

  /** Gives each queue its share of the present limit. The unused part of short queues goes to long ones. */
  takeTurns(): void {
    let allowed = this.allowed();
    for (const busy of this.busy) {
      while (allowed > 0 && busy.size > 0) {
        const turns = busy.size;
        const share = Math.max(1, Math.floor(allowed / turns));
        for (let i = 0; i < turns && allowed > 0; i++) {
          const peer = busy.first;
          if (peer === null) break;
          busy.remove(peer);
          const asked = this.modules.serve(peer, Math.min(share, allowed));
          allowed -= asked;
          this.allowance -= asked;
          if (peer.queue.size > 0 && peer.list === null) this.busyOf(peer)?.push(peer);
        }
      }
    }
  }

  private busyOf(peer: Announcer): LinkedList<Announcer> | undefined {
    return this.busy[kindOf(peer)];
  }

  /** Number of requests that may be made now. */
  private allowed(): number {
    const now = this.modules.monotonicMs();
    const { perSecond } = this;
    this.allowance = Math.min(perSecond, this.allowance + ((now - this.refilled) / 1_000) * perSecond);
    this.refilled = now;
    return Math.floor(this.allowance);
  }
}

function kindOf({ rank }: Announcer): number {
  if (rank >= LEAST_PREFERRED) return 0;
  return rank === LAST_RANK ? 2 : 1;
}
