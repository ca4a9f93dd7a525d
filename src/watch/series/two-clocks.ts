import { Generations } from '../../lib/generations';
import { AnnouncementTimes } from '../../metrics/announcement-times';
import type { Hash } from '../../wire/hash';

/** What is known of something that the node has. Times on the monotonic clock, in milliseconds. */
export interface Had {
  /** When the node had it. */
  readonly atMs: number;
  /** When a peer first announced it to the listener, and when the node itself did. */
  heardMs: number | undefined;
  announcedMs: number | undefined;
}

/** The result of an announcement of something that the node has. */
interface Heard {
  readonly had: Had;
  /** Whether it is the first announcement to the listener, and the first by the node itself. */
  readonly isFirst: boolean;
  readonly isFirstOfNode: boolean;
}

/**
 * Matches two times: when the listener first heard of a transaction or block, and when the node had it.
 * Either may come first. It remembers at least the last `capacity` hashes of each kind, and at most twice as
 * many. Announcements of peers have their own memory, so nonsense can't displace what the node reported.
 */
export class TwoClocks {
  private readonly heard: AnnouncementTimes;
  private readonly announced: AnnouncementTimes;
  private readonly had: Generations<Map<Hash, Had>>;

  constructor(capacity: number) {
    this.heard = new AnnouncementTimes(capacity);
    this.announced = new AnnouncementTimes(capacity);
    this.had = new Generations(
      () => new Map<Hash, Had>(),
      ({ size }) => size >= capacity,
    );
  }

  /**
   * A peer announced a hash; `isNode`: that peer is the node. Undefined if the node does not have it, as far
   * as is known.
   */
  announce(hash: Hash, nowMs: number, isNode: boolean): Heard | undefined {
    const had = this.had.young.get(hash) ?? this.had.old.get(hash);
    if (had === undefined) {
      this.heard.note(hash, nowMs);
      if (isNode) this.announced.note(hash, nowMs);
      return undefined;
    }
    const isFirst = had.heardMs === undefined;
    const isFirstOfNode = isNode && had.announcedMs === undefined;
    had.heardMs ??= nowMs;
    if (isFirstOfNode) had.announcedMs = nowMs;
    return { had, isFirst, isFirstOfNode };
  }

  /** The node has something, which is announced under any of these hashes. */
  have(hashes: readonly Hash[], atMs: number): Had {
    const had: Had = { atMs, heardMs: undefined, announcedMs: undefined };
    for (const hash of new Set(hashes)) {
      had.heardMs = earlier(had.heardMs, this.heard.take(hash));
      had.announcedMs = earlier(had.announcedMs, this.announced.take(hash));
      this.had.forNewEntry().set(hash, had);
    }
    return had;
  }
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
