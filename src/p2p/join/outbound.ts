import type { Connection } from '../connection';
import type { Connections } from '../connections';
import type { DisconnectReason } from '../p2p-events';
import { type TransportMode, transportToDial } from '../transport/choice';
import type { TransportName } from '../transport/transport';
import type { NetworkName } from '../../wire/networks';
import { NODE_WITNESS, SERVES_BLOCKS } from '../../wire/services';
import { RollingSet } from '../../lib/rolling-set';
import type { AddressManager } from './address-manager';
import { MOST_WITHOUT_CROWD } from './crowd';
import type { DialPace } from './dial-pace';
import { formatHost } from './host';
import type { KnownAddress } from './known-address';
import { isDialable, isLoopback, type Reaches } from './reachability';
import type { Rotation } from './rotation';

/** The first wait before an address is dialled again. It doubles with each loss, up to the longest. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/** After a connection that lasted this long, the waits start again with the first. */
const GOOD_MS = 300_000;

/** With fewer peers than this, failed dials may be our own fault (Core 31 `src/net.cpp`, count_failures). */
const ONLINE_PEERS = 2;

/** How many of our own addresses are remembered; a machine has a few. */
const OUR_ADDRESSES = 100;

/**
 * With many peers, so many addresses are drawn, and the one is dialled whose networks have the fewest peers.
 */
const CHOICES = 3;

/**
 * Whether a node has the services that Core requires of a peer that it dials: blocks, with their witnesses.
 */
export function isUseful(services: bigint): boolean {
  return (services & SERVES_BLOCKS) !== 0n && (services & NODE_WITNESS) !== 0n;
}

/** What is needed of a connection here. */
export type OutboundPeer = Pick<
  Connection,
  'claims' | 'close' | 'established' | 'host' | 'id' | 'openedAt' | 'outbound' | 'port' | 'transport'
>;

export interface OutboundModules {
  readonly addrman: AddressManager;
  readonly network: NetworkName;
  /** Number of peers to find besides those that the user named. */
  readonly peers: number;
  readonly pace: Pick<DialPace, 'tick'>;
  /** Lets sessions go in turn; null where they last. */
  readonly rotation: Pick<Rotation, 'due' | 'everyMs' | 'rotated'> | null;
  readonly isBanned: (host: string, port: number) => boolean;
  readonly open: (host: string, port: number, dialBy: TransportName) => OutboundPeer | null;
  readonly mode: TransportMode;
  /** The networks whose addresses are dialled; default: IPv4 and IPv6. */
  readonly reaches?: Reaches;
  /** All connections of the program, of every kind. */
  readonly connections: Pick<Connections<OutboundPeer>, 'diversity' | 'greetedCount' | 'inboundFrom'>;
  readonly monotonicMs: () => number;
  /** Called when an address has changed. */
  readonly changed: () => void;
}

/** When an address may be dialled again. */
interface Backoff {
  /** Number of lost or failed connections since one that lasted. */
  losses: number;
  until: number;
}

/**
 * Keeps the wanted number of peers connected, chosen from the address manager, spread over netgroups,
 * networks and autonomous systems (`Diversity`). An address whose connection failed or was lost is dialled
 * again, each time after a longer wait. Nothing here takes longer with more peers.
 */
export class Outbound {
  private readonly active = new Map<string, OutboundPeer>();
  private readonly addresses = new Map<OutboundPeer, KnownAddress>();
  /** The peers whose handshake is complete, the oldest first. */
  private readonly sessions = new Set<OutboundPeer>();
  /** Entries disappear with their addresses. */
  private readonly backoffs = new WeakMap<KnownAddress, Backoff>();
  /** Addresses at which we reached ourselves. */
  private readonly ours = new RollingSet(OUR_ADDRESSES);
  /** Whether the last search left addresses out because their networks have enough peers. */
  private isHeldBack = false;

  constructor(private readonly modules: OutboundModules) {}

  /** Number of outbound peers with a complete handshake, including those that the user named. */
  get established(): number {
    return this.modules.connections.greetedCount;
  }

  /** Dials addresses if peers are missing, or if sessions are due to be replaced. */
  tick(): void {
    const { mode, pace, peers } = this.modules;
    const { size } = this.active;
    pace.tick(peers + this.sessionsDue() - size, size - this.sessions.size, () => {
      const known = this.choose();
      const host = known === undefined ? null : formatHost(known);
      if (known !== undefined && host !== null) this.dial(known, host, transportToDial(mode, known));
      else this.makeRoom();
      return known !== undefined;
    });
  }

  /**
   * Notes that the handshake of a connection is complete.
   * @param stays whether the connection is kept now
   */
  worked(connection: OutboundPeer, stays = true): void {
    const { addrman, changed, peers } = this.modules;
    const dialled = this.addresses.get(connection);
    if (dialled === undefined) return;
    const known = addrman.get(dialled.key);
    if (known !== undefined) addrman.worked(known, connection.claims?.services ?? 0n, connection.transport);
    if (stays) this.sessions.add(connection);
    if (this.sessions.size > peers) this.letGo();
    changed();
  }

  /** Notes that a connection has ended; does nothing for those that were not dialled here. */
  ended(connection: OutboundPeer, reason: DisconnectReason): void {
    const known = this.addresses.get(connection);
    if (known === undefined) return;
    this.active.delete(known.key);
    this.addresses.delete(connection);
    this.sessions.delete(connection);
    // The peer lacks the encrypted transport.
    if (reason === 'plain-transport' && this.modules.mode === 'auto')
      this.dial(known, formatHost(known) ?? '', 'v1');
    else this.note(known, connection, reason);
  }

  /**
   * Whether an address may be dialled for any purpose: it is reachable, not excluded, and has no connection
   * with us.
   */
  mayDial(known: KnownAddress): boolean {
    const { connections, isBanned, network, reaches } = this.modules;
    if (this.active.has(known.key) || this.ours.has(known.key)) return false;
    if (!isDialable(network, known, reaches)) return false;
    const host = formatHost(known) ?? '';
    if (!isLoopback(known) && connections.inboundFrom(host) > 0) return false;
    return !isBanned(host, known.port);
  }

  /** Forgets an address that leads to ourselves, and does not dial it again. */
  foundSelf({ key }: KnownAddress): void {
    this.ours.add(key);
    this.modules.addrman.forget(key);
    this.modules.changed();
  }

  /** Whether enough peers are connected that a failed dial is the fault of the address. */
  isOnline(peers = this.modules.peers): boolean {
    return this.established >= Math.min(peers, ONLINE_PEERS);
  }

  private dial(known: KnownAddress, host: string, dialBy: TransportName): void {
    const connection = this.modules.open(host, known.port, dialBy);
    if (connection === null) {
      // Another part has dialled it, for example because of --connect.
      this.backoffs.set(known, { losses: 0, until: this.modules.monotonicMs() + FIRST_WAIT_MS });
      return;
    }
    this.active.set(known.key, connection);
    this.addresses.set(connection, known);
  }

  /** Notes how a connection to an address ended, and when it may be dialled again. */
  private note(known: KnownAddress, connection: OutboundPeer, reason: DisconnectReason): void {
    const { addrman, changed, monotonicMs, peers, rotation } = this.modules;
    const now = monotonicMs();
    if (reason === 'rotated') {
      // Others come first, for as long as a session lasts.
      this.backoffs.set(known, { losses: 0, until: now + (rotation?.everyMs ?? 0) });
      return;
    }
    const lasted = connection.established && now - connection.openedAt > GOOD_MS;
    const losses = lasted ? 1 : (this.backoffs.get(known)?.losses ?? 0) + 1;
    this.backoffs.set(known, { losses, until: now + waitAfter(losses) });
    if (reason === 'stopped') return;
    if (reason === 'self-connection') this.foundSelf(known);
    else if (!connection.established)
      addrman.failed(known, reason !== 'route-failed' && this.isOnline(peers - 1));
    changed();
  }

  /**
   * How many more peers than wanted may be dialled, because sessions are due to be replaced: a session is let
   * go once another one is there.
   */
  private sessionsDue(): number {
    const { peers, rotation } = this.modules;
    if (rotation === null || this.sessions.size < peers) return 0;
    const [oldest] = this.sessions;
    return rotation.due(oldest?.openedAt);
  }

  /**
   * Ends a session if one is due and only the shares of networks keep other addresses out: such an address
   * can come only after another peer has left.
   */
  private makeRoom(): void {
    const [oldest] = this.sessions;
    if (this.isHeldBack && (this.modules.rotation?.due(oldest?.openedAt) ?? 0) > 0) this.letGo();
  }

  /** Ends the oldest session. */
  private letGo(): void {
    const [oldest] = this.sessions;
    if (oldest === undefined) return;
    this.modules.rotation?.rotated();
    this.sessions.delete(oldest);
    oldest.close('rotated');
  }

  /** An address that may be dialled; undefined if none was found. */
  private choose(): KnownAddress | undefined {
    const { addrman, peers } = this.modules;
    this.isHeldBack = false;
    const usages = new Map<KnownAddress, number>();
    const accepts = this.dialFilter(usages);
    let best: KnownAddress | undefined;
    for (let i = peers > MOST_WITHOUT_CROWD ? CHOICES : 1; i > 0; i--) {
      const known = addrman.pick((it) => isUseful(it.services) && accepts(it));
      if (known === undefined) break;
      if (best === undefined || (usages.get(known) ?? 0) < (usages.get(best) ?? 0)) best = known;
    }
    return best ?? addrman.pick(accepts);
  }

  /**
   * The filter of addresses that may be dialled now.
   * @param usages gets how much of what is allowed the networks of each address have that passes
   */
  private dialFilter(usages: Map<KnownAddress, number>): (known: KnownAddress) => boolean {
    const { connections, monotonicMs, peers } = this.modules;
    const now = monotonicMs();
    // What is found fastest comes first.
    return (known) => {
      if (this.active.has(known.key) || (this.backoffs.get(known)?.until ?? 0) > now) return false;
      const usage = connections.diversity.usageOf(known, peers);
      if (usage === null) {
        this.isHeldBack = true;
        return false;
      }
      if (!this.mayDial(known)) return false;
      usages.set(known, usage);
      return true;
    };
  }
}

/**
 * Milliseconds until the next attempt, with jitter, so that not all monitors dial a restarted node at once.
 */
function waitAfter(losses: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, losses - 1)) * (0.5 + Math.random() / 2);
}
