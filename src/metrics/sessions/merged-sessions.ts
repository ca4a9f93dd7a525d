import type { FieldsOf } from '../schema';
import type { PeerAccount } from './peer-account';
import { commandFields, countedFields } from './session-fields';

/** The most connections without a handshake that have points of their own in an interval. */
const MOST_ALONE = 100;

/** Connections without a handshake: the first ones of an interval, and the sum of the others. */
export class MergedSessions {
  private alone = 0;
  private count = 0;
  private session = new Sums();
  private messages = new Sums();

  /** Whether one more has points of its own; if so, it counts as one. */
  hasRoom(): boolean {
    if (this.alone >= MOST_ALONE) return false;
    this.alone += 1;
    return true;
  }

  add(account: PeerAccount): void {
    this.count += 1;
    this.session.add(countedFields(account));
    this.messages.add(commandFields(account));
  }

  /** Returns the sums of the interval, or null if there are none, and begins the next interval. */
  take(): {
    readonly session: FieldsOf<'peer_sessions'>;
    readonly messages: FieldsOf<'session_messages'>;
  } | null {
    const { count, session, messages } = this;
    this.alone = 0;
    this.count = 0;
    this.session = new Sums();
    this.messages = new Sums();
    return count === 0
      ? null
      : {
          session: { ...session.fields, merged: count },
          messages: messages.fields,
        };
  }
}

/** Sums by column. */
class Sums {
  readonly fields: Record<string, number> = {};

  add(fields: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(fields))
      this.fields[name] = (this.fields[name] ?? 0) + Number(value);
  }
}
