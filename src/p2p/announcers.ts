import { Announcer } from './announcement';
import type { Connection } from './connection';

/**
 * How many announcements of one peer are kept. Further ones are ignored. Core 31 `src/node/txdownloadman.h`
 * MAX_PEER_TX_ANNOUNCEMENTS.
 */
const MAX_ANNOUNCEMENTS = 5_000;

/**
 * Peers that dialled us share this many announcements, in 50 MB. Each may have the minimum, however many
 * peers there are.
 */
const SHARED_ANNOUNCEMENTS = 100_000;
const MIN_ANNOUNCEMENTS = 100;

/**
 * The same limits for peers that joining found: 125 of them may each have the maximum, and 10,000 share 250
 * MB.
 */
const JOINED_ANNOUNCEMENTS = 625_000;
const MIN_JOINED_ANNOUNCEMENTS = 50;

/**
 * Announcements of peers that dialled us wait this long if we have dialled others, so that those can announce
 * first. Core 31 `src/node/txdownloadman.h` NONPREF_PEER_TX_DELAY.
 */
const NONPREFERRED_DELAY_MS = 2_000;

/**
 * While some peer announces by wtxid, announcements by txid wait this long: most of these transactions then
 * come under their wtxid first. Core 31, same file: TXID_RELAY_DELAY.
 */
const TXID_DELAY_MS = 2_000;

/**
 * Announcements of a peer with this many requests in flight wait this long. Core 31, same file:
 * MAX_PEER_TX_REQUEST_IN_FLIGHT and OVERLOADED_PEER_TX_DELAY.
 */
const MAX_IN_FLIGHT = 100;
const OVERLOADED_DELAY_MS = 2_000;

/** The peers that announce transactions: how many announcements of each are kept, and how long these wait. */
export class Announcers {
  private readonly announcers = new Map<Connection, Announcer>();
  /** Peers whose handshake is complete: those that announce by wtxid (BIP339), and those that we dialled. */
  private wtxidCount = 0;
  private preferredCount = 0;

  constructor(private readonly monotonicMs: () => number) {}

  get(connection: Connection): Announcer | undefined {
    return this.announcers.get(connection);
  }

  /** The announcer of a connection, which is added if it is new. */
  of(connection: Connection): Announcer {
    let announcer = this.announcers.get(connection);
    if (announcer === undefined) {
      announcer = new Announcer(connection, this.monotonicMs);
      this.announcers.set(connection, announcer);
    }
    return announcer;
  }

  /** Notes that the handshake of a peer is complete. */
  connected(connection: Connection): void {
    const announcer = this.of(connection);
    if (announcer.established) return;
    announcer.established = true;
    if (connection.wtxidRelay) this.wtxidCount++;
    if (announcer.preferred) this.preferredCount++;
  }

  /** Removes a peer that is gone, and returns it. */
  remove(connection: Connection): Announcer | undefined {
    const announcer = this.announcers.get(connection);
    if (announcer === undefined) return undefined;
    this.announcers.delete(connection);
    if (announcer.established) {
      if (connection.wtxidRelay) this.wtxidCount--;
      if (announcer.preferred) this.preferredCount--;
    }
    return announcer;
  }

  /** How many announcements of a peer are kept. */
  maxAnnouncements({ connection: { kind } }: Announcer): number {
    if (kind === 'kept') return MAX_ANNOUNCEMENTS;
    const [shared, least] =
      kind === 'joined'
        ? [JOINED_ANNOUNCEMENTS, MIN_JOINED_ANNOUNCEMENTS]
        : [SHARED_ANNOUNCEMENTS, MIN_ANNOUNCEMENTS];
    return Math.min(MAX_ANNOUNCEMENTS, Math.max(least, Math.floor(shared / this.announcers.size)));
  }

  /**
   * How long an announcement of a peer waits, in milliseconds. A peer that the user named is never
   * overloaded.
   */
  delayMs({ preferred, inFlight, connection }: Announcer): number {
    const nonpreferred = !preferred && this.preferredCount > 0 ? NONPREFERRED_DELAY_MS : 0;
    return nonpreferred + (connection.kind !== 'kept' && inFlight >= MAX_IN_FLIGHT ? OVERLOADED_DELAY_MS : 0);
  }

  /** How long an announcement by txid waits in addition, in milliseconds. */
  get txidDelayMs(): number {
    return this.wtxidCount > 0 ? TXID_DELAY_MS : 0;
  }
}
