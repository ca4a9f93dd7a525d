import { FOREIGN_PROTOCOLS } from '../first-bytes';
import type { Violation } from '../p2p-events';

/**
 * More dials than this in an hour ban an address for a day. One address may be a whole network with honest
 * nodes in it, and one foreign dial costs us 16 bytes, so an occasional scanner or a wrong port is tolerated.
 * A dial each minute for an hour comes from a program that nobody watches.
 */
const MOST_AN_HOUR = 60;
const HOUR_MS = 3_600_000;

/** The most addresses that are counted at once. The one whose hour began first is removed for a new one. */
const MAX_SUBJECTS = 10_000;

/** A node of another network never finds the terminator that we expect after its key (BIP324). */
const FOREIGN: ReadonlySet<Violation> = new Set([...FOREIGN_PROTOCOLS, 'no-garbage-terminator']);

/** Whether a violation comes from another protocol, such as that of a browser or of another network. */
export function isForeignDial(reason: Violation): boolean {
  return FOREIGN.has(reason);
}

/** Counts the inbound connections that speak another protocol, by address. */
export class ForeignDials {
  /** In the order in which their hours began. */
  private readonly hours = new Map<string, { readonly since: number; count: number }>();

  constructor(private readonly monotonicMs: () => number) {}

  /** Counts a foreign dial from an address. Returns whether there are too many in its hour. */
  isOverLimit(subject: string): boolean {
    const now = this.monotonicMs();
    for (const [each, { since }] of this.hours) {
      if (now - since < HOUR_MS && this.hours.size < MAX_SUBJECTS) break;
      this.hours.delete(each);
    }
    const hour = this.hours.get(subject) ?? { since: now, count: 0 };
    this.hours.set(subject, hour);
    hour.count += 1;
    return hour.count > MOST_AN_HOUR;
  }
}
