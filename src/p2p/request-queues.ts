import type { Announcement, Announcer } from './announcement';
import { LinkedList } from './linked-list';
import { LAST_RANK, LEAST_PREFERRED } from './reliability';

/**
 * Kinds of peers, the ones that come first first: those that are preferred, the others, and those that let
 * many requests lapse.
 */
const KINDS = 3;

/** What the lines work with. */
export interface RequestQueuesModules {
  readonly monotonicMs: () => number;
  /** Asks a peer for at most `most` of what stands in its line; tells for how many. */
  readonly serve: (peer: Announcer, most: number) => number;
}

/**
 * Shares the limit on requests among the peers. Each has a line of its own, so that one peer's flood holds up
 * that peer alone. The lines of preferred peers come before those of the others; lines of one kind share
 * evenly. A peer that has no line is not looked at.
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
   * Puts an announcement into the line of its peer; at the front where others were asked for the transaction
   * in vain.
   */
  add(announcement: Announcement, atFront = false): void {
    const { peer } = announcement;
    announcement.become('queued');
    if (atFront) peer.queue.unshift(announcement);
    else peer.queue.push(announcement);
    if (peer.list === null) this.busyOf(peer)?.push(peer);
  }

  /** Serves a peer at once, if nobody waits who comes before it or as early. */
  serveAtOnce(peer: Announcer): void {
    const kind = kindOf(peer);
    for (let i = 0; i <= kind; i++) {
      const list = this.busy[i];
      if (list !== undefined && list.size > 0 && (list.size > 1 || list.first !== peer)) return;
    }
    const allowed = this.allowed();
    if (allowed > 0) this.allowance -= this.modules.serve(peer, allowed);
  }

  /**
   * Gives each line its share of what the limit allows now; what the short ones leave goes to the long ones.
   */
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

  /** Whole requests that may be made now. */
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
