import type { FieldsOf } from '../schema';
import type { PeerAccount } from './peer-account';
import { countedFields } from './session-fields';

/** The most connections without a handshake that have points of their own in an interval. */
const MOST_ALONE = 100;

/** Connections without a handshake: the first ones of an interval, and the sum of the others. */
export class MergedSessions {
  private alone = 0;
  private count = 0;
  private readonly sums = new Map<string, number>();

  /** Whether one more has a point of its own; if so, it counts as one. */
  hasRoom(): boolean {
    if (this.alone >= MOST_ALONE) return false;
    this.alone += 1;
    return true;
  }

  add(account: PeerAccount): void {
    this.count += 1;
    for (const [name, value] of Object.entries(countedFields(account)))
      this.sums.set(name, (this.sums.get(name) ?? 0) + Number(value));
  }

  /** The sum of the interval, null where there is none; the next interval begins. */
  take(): FieldsOf<'peer_sessions'> | null {
    const { count } = this;
    const sums = Object.fromEntries(this.sums);
    this.alone = 0;
    this.count = 0;
    this.sums.clear();
    return count === 0 ? null : { ...sums, merged: count };
  }
}
