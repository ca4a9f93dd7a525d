import type { Connection } from '../connection';
import { formatEndpoint } from '../endpoint';
import type { Violation } from '../events';
import type { NetworkName } from '../networks';
import { parseIp } from './ip';
import { isLocalNetwork, isLoopback } from './reach';

/** How long a ban lasts, in seconds; btcd v0.26 `config.go` defaultBanDuration. */
const BAN_SECONDS = 24 * 60 * 60;

/** The most bans that are remembered; the one that ends first makes room. */
const MAX_BANS = 10_000;

/**
 * Which violations cost a peer a day. None does that a node of another version, a bad line, a full queue or a fault of our own
 * clock may bring about: what cannot be decoded may be of a later version of its message, and Core and btcd let it pass as well.
 */
export const BANS: Readonly<Record<Violation, boolean>> = {
  // Dials by mistake, which cost a day where they are too many (`Misdials`).
  'wrong-network': false,
  tls: false,
  http: false,
  'unknown-protocol': false,
  'wrong-magic': true,
  'oversized-message': true,
  'wrong-checksum': true,
  'invalid-tx': true,
  'malformed-block': true,
  'invalid-header': true,
  'invalid-block': true,
  flood: true,
  'no-version-first': false,
  'duplicate-version': false,
  'obsolete-version': false,
  'handshake-timeout': false,
  'malformed-message': false,
  'malformed-tx': false,
  // Our own clock may be slow.
  'time-too-new': false,
  'unconnected-headers': false,
  'unrequested-blocktxn': false,
  'wrong-blocktxn': false,
  'over-budget': false,
};

/**
 * What is banned for the sake of a peer: the address that it came from or was dialled at. Behind this machine's own address may
 * be everybody (the onion service of Tor, a proxy), and on a network of one machine each port is a node: there a node that was
 * dialled is banned alone, and on a public network nobody.
 */
export function banSubject(
  network: NetworkName,
  { host, outbound, port }: Pick<Connection, 'host' | 'outbound' | 'port'>,
): string | null {
  const place = parseIp(host);
  if (place === null || !isLoopback(place)) return host;
  if (!isLocalNetwork(network)) return null;
  return outbound ? formatEndpoint({ host, port }) : host;
}

/** A ban of an address. */
export interface Ban {
  /** An IP; or `IP:port`, where one machine is many nodes. */
  readonly subject: string;
  /** Unix time in seconds at which it ends. */
  readonly until: number;
}

/** The addresses that are refused for a day because of what a peer did that came from there or was dialled there. */
export class Bans {
  /** In the order in which they end. */
  private readonly until = new Map<string, number>();

  constructor(private readonly unixTime: () => number) {}

  /** Number of addresses that are banned now. */
  get size(): number {
    this.expire();
    return this.until.size;
  }

  has(subject: string): boolean {
    return isBannedNow(this.until.get(subject) ?? 0, this.unixTime());
  }

  /** Bans an address, or begins its ban anew. */
  add(subject: string): void {
    this.put({ subject, until: this.unixTime() + BAN_SECONDS });
  }

  /** Takes a ban that may have begun before the program did; to be called in the order in which they end. */
  put({ subject, until }: Ban): void {
    this.expire();
    this.until.delete(subject);
    const [first] = this.until.keys();
    if (first !== undefined && this.until.size >= MAX_BANS) this.until.delete(first);
    if (until > this.unixTime()) this.until.set(subject, Math.min(until, this.unixTime() + BAN_SECONDS));
  }

  list(): Ban[] {
    this.expire();
    return [...this.until].map(([subject, until]) => ({ subject, until }));
  }

  private expire(): void {
    const now = this.unixTime();
    for (const [subject, until] of this.until) {
      if (isBannedNow(until, now)) return;
      this.until.delete(subject);
    }
  }
}

/** Whether a ban lasts. One that ends later than any ban can began while our clock was wrong. */
function isBannedNow(until: number, now: number): boolean {
  return until > now && until <= now + BAN_SECONDS;
}
