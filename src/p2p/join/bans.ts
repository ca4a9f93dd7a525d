import type { Connection } from '../connection';
import { formatEndpoint } from '../endpoint';
import type { Violation } from '../p2p-events';
import type { NetworkName } from '../../wire/networks';
import { parseIp } from './ip';
import { isLocalNetwork, isLoopback } from './reachability';

/** How long a ban lasts, in seconds; btcd v0.26 `config.go` defaultBanDuration. */
const BAN_SECONDS = 24 * 60 * 60;

/** The most bans that are remembered; the one that ends first makes room. */
const MAX_BANS = 10_000;

/**
 * Which violations cost a peer a day. None does that a node of another version, a bad line, a full queue or a
 * fault of our own clock may bring about: what cannot be decoded may be of a later version of its message,
 * and Core and btcd let it pass as well.
 */
export const CAUSES_BAN: Readonly<Record<Violation, boolean>> = {
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
 * What is banned for the sake of a peer: the address that it came from or was dialled at. Behind this
 * machine's own address may be everybody (the onion service of Tor, a proxy), and on a network of one machine
 * each port is a node: there a node that was dialled is banned alone, and on a public network nobody.
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

/** A ban of an address, as it is written down. */
export interface Ban {
  /** An IP; or `IP:port`, where one machine is many nodes. */
  readonly subject: string;
  /** Unix time in seconds at which it ends. */
  readonly until: number;
}

/** The times that bans go by. */
export interface BanTimes {
  /** Unix time in seconds, by which bans are written down. */
  readonly unixTime: () => number;
  /** Milliseconds on a clock that never steps, by which bans end. */
  readonly monotonicMs: () => number;
}

/**
 * The addresses that are refused for a day because of what a peer did that came from there or was dialled
 * there. However the system's clock is set meanwhile, a ban lasts no longer and no shorter. One from an
 * earlier run ends at its Unix time, and at most a day from its being read.
 */
export class Bans {
  /** When each ends, on the monotonic clock in seconds; in the order in which they end. */
  private readonly ends = new Map<string, number>();

  constructor(private readonly times: BanTimes) {}

  /** Number of addresses that are banned now. */
  get size(): number {
    this.expire();
    return this.ends.size;
  }

  has(subject: string): boolean {
    return (this.ends.get(subject) ?? -Infinity) > this.now();
  }

  /** Bans an address, or begins its ban anew. */
  add(subject: string): void {
    this.banFor(subject, BAN_SECONDS);
  }

  /** Takes a ban of an earlier run; to be called in the order in which they end. */
  restore({ subject, until }: Ban): void {
    this.banFor(subject, Math.min(until - this.times.unixTime(), BAN_SECONDS));
  }

  list(): Ban[] {
    this.expire();
    const unixTime = this.times.unixTime();
    const now = this.now();
    return [...this.ends].map(([subject, end]) => ({ subject, until: Math.round(unixTime + end - now) }));
  }

  /** Bans an address for so many seconds; not at all where these are over. */
  private banFor(subject: string, seconds: number): void {
    this.expire();
    this.ends.delete(subject);
    if (seconds <= 0) return;
    const [first] = this.ends.keys();
    if (first !== undefined && this.ends.size >= MAX_BANS) this.ends.delete(first);
    this.ends.set(subject, this.now() + seconds);
  }

  private expire(): void {
    const now = this.now();
    for (const [subject, end] of this.ends) {
      if (end > now) return;
      this.ends.delete(subject);
    }
  }

  private now(): number {
    return this.times.monotonicMs() / 1_000;
  }
}
