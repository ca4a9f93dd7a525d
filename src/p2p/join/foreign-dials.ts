import { FOREIGN_PROTOCOLS } from '../first-bytes';
import type { Violation } from '../p2p-events';

/**
 * So many dials by mistake within an hour cost an address a day. Behind one address may be a whole net with
 * honest nodes in it, and one mistaken dial costs us 16 bytes: a scanner that comes now and then, and
 * somebody who tries a wrong port, are let be. One that comes once a minute for an hour is a program that
 * nobody looks at.
 */
const MOST_AN_HOUR = 60;
const HOUR_MS = 3_600_000;

/** The most addresses that are counted at once; the one whose hour began first makes room. */
const MAX_SUBJECTS = 10_000;

const FOREIGN: ReadonlySet<string> = new Set(FOREIGN_PROTOCOLS);

/** Whether somebody who did this has the wrong number: a browser, a node of another network. */
export function isForeignDial(reason: Violation): boolean {
  return FOREIGN.has(reason);
}

/** How often those dial us who speak something else. */
export class ForeignDials {
  /** In the order in which their hours began. */
  private readonly hours = new Map<string, { readonly since: number; count: number }>();

  constructor(private readonly monotonicMs: () => number) {}

  /** Counts a mistaken dial from an address; tells whether it is one too many within an hour. */
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
