import type { Connection } from '../connection';
import { formatEndpoint } from '../endpoint';
import type { Violation } from '../p2p-events';
import { isLocalNetwork, type NetworkName } from '../../wire/networks';
import { parseIp } from './ip';
import { isLoopback } from './reachability';

/** How long a ban lasts, in seconds; btcd v0.26 `config.go` defaultBanDuration. */
const BAN_SECONDS = 24 * 60 * 60;

/** The most bans that are kept. The one that ends first is removed for a new one. */
const MAX_BANS = 10_000;

/**
 * Which violations cause a ban. A violation that a node of another version, a bad line, a full queue or a
 * wrong clock of ours can cause does not. A message that can't be decoded may be of a later version; Core and
 * btcd ignore it too.
 */
export const CAUSES_BAN: Readonly<Record<Violation, boolean>> = {
  // Foreign dials cause a ban only if there are too many (`ForeignDials`).
  'wrong-network': false,
  tls: false,
  http: false,
  'unknown-protocol': false,
  'no-garbage-terminator': false,
  'wrong-magic': true,
  'oversized-message': true,
  'wrong-checksum': true,
  'wrong-tag': true,
  'invalid-tx': true,
  'malformed-block': true,
  'invalid-header': true,
  'invalid-block': true,
  'low-work-headers': true,
  flood: true,
  'decoy-flood': true,
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
 * The subject of a ban because of a peer: the address from which it came, or at which we dialled it. Many
 * peers may come from this machine's own address (an onion service of Tor, a proxy), so on a public network
 * it is never banned. On a network of one machine each port is a node, so only the endpoint that we dialled
 * is banned.
 */
export function banSubject(
  network: NetworkName,
  { host, outbound, port }: Pick<Connection, 'host' | 'outbound' | 'port'>,
): string | null {
  const ip = parseIp(host);
  if (ip === null || !isLoopback(ip)) return host;
  if (!isLocalNetwork(network)) return null;
  return outbound ? formatEndpoint({ host, port }) : host;
}

/** A ban as it is saved. */
export interface Ban {
  /** An IP, or `IP:port` on a network of one machine. */
  readonly subject: string;
  /** Unix time in seconds at which it ends. */
  readonly until: number;
}

/** The clocks of bans. */
export interface BanTimes {
  /** Unix time in seconds, in which bans are saved. */
  readonly unixTime: () => number;
  /** Monotonic milliseconds, by which bans end. */
  readonly monotonicMs: () => number;
}

/**
 * The addresses that are refused for a day because of a violation. Setting the system's clock changes no ban.
 * A ban from an earlier run ends at its Unix time, and at most a day after it was loaded.
 */
export class Bans {
  /** When each ends, in monotonic seconds; in the order in which they end. */
  private readonly ends = new Map<string, number>();

  constructor(private readonly times: BanTimes) {}

  /** Number of banned addresses. */
  get size(): number {
    this.expire();
    return this.ends.size;
  }

  has(subject: string): boolean {
    return (this.ends.get(subject) ?? -Infinity) > this.now();
  }

  /** Bans an address, or restarts its ban. */
  add(subject: string): void {
    this.banFor(subject, BAN_SECONDS);
  }

  /** Adds a ban of an earlier run. Call it in the order in which the bans end. */
  restore({ subject, until }: Ban): void {
    this.banFor(subject, Math.min(until - this.times.unixTime(), BAN_SECONDS));
  }

  list(): Ban[] {
    this.expire();
    const unixTime = this.times.unixTime();
    const now = this.now();
    return [...this.ends].map(([subject, end]) => ({ subject, until: Math.round(unixTime + end - now) }));
  }

  /** Bans an address for this many seconds; not at all if that is in the past. */
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
