import type { Connection } from '../connection';
import type { Connections } from '../connections';
import type { DisconnectReason } from '../p2p-events';
import { type TransportMode, transportToDial } from '../transport/choice';
import type { TransportName } from '../transport/transport';
import type { NetworkName } from '../../wire/networks';
import { NODE_WITNESS, SERVES_BLOCKS } from '../../wire/services';
import { RollingSet } from '../../lib/rolling-set';
import type { AddressManager } from './address-manager';
import { formatHost, parseHost } from './host';
import type { KnownAddress } from './known-address';
import { netgroupOf } from './netgroup';
import { isDialable, isLoopback, type Reaches } from './reachability';

/** The first wait before an address is dialled again. It doubles with each loss, up to the longest. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;

/** After a connection that lasted this long, the waits start again with the first. */
const GOOD_MS = 300_000;

/** With fewer peers than this, failed dials may be our own fault (Core 31 `src/net.cpp`, count_failures). */
const ONLINE_PEERS = 2;

/** How many of our own addresses are remembered; a machine has a few. */
const OUR_ADDRESSES = 100;

/** Whether a node has the services that Core wants of a peer that it dials: blocks, with their witnesses. */
export function isUseful(services: bigint): boolean {
  return (services & SERVES_BLOCKS) !== 0n && (services & NODE_WITNESS) !== 0n;
}

/** What is needed of a connection here. */
export type OutboundPeer = Pick<
  Connection,
  'claims' | 'closed' | 'established' | 'host' | 'id' | 'openedAt' | 'outbound' | 'port' | 'transport'
>;

export interface OutboundModules {
  readonly addrman: AddressManager;
  readonly network: NetworkName;
  /** Number of peers to find besides those that the user named. */
  readonly peers: number;
  readonly isBanned: (host: string, port: number) => boolean;
  readonly open: (host: string, port: number, dialBy: TransportName) => OutboundPeer | null;
  readonly mode: TransportMode;
  /** The networks whose addresses are dialled; default: IPv4 and IPv6. */
  readonly reaches?: Reaches;
  /** All connections of the program, of every kind. */
  readonly connections: Pick<Connections<OutboundPeer>, 'inboundFrom' | 'outbound'>;
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
 * Keeps the wanted number of peers connected, chosen from the address manager, no two of one netgroup. An
 * address whose connection failed or was lost is dialled again, each time after a longer wait.
 */
export class Outbound {
  private readonly active = new Map<string, OutboundPeer>();
  /** Entries disappear with their addresses. */
  private readonly backoffs = new WeakMap<KnownAddress, Backoff>();
  /** Addresses at which we reached ourselves. */
  private readonly ours = new RollingSet(OUR_ADDRESSES);

  constructor(private readonly modules: OutboundModules) {}

  /** Number of outbound peers with a complete handshake. */
  get established(): number {
    let count = 0;
    for (const { established } of this.modules.connections.outbound) if (established) count++;
    return count;
  }

  /** Dials one address if peers are missing; to be called twice a second, as in Core. */
  tick(): void {
    const { addrman, mode, peers } = this.modules;
    if (this.active.size >= peers) return;
    const accepts = this.dialFilter();
    const known = addrman.pick((it) => isUseful(it.services) && accepts(it)) ?? addrman.pick(accepts);
    const host = known === undefined ? null : formatHost(known);
    if (known !== undefined && host !== null) this.dial(known, host, transportToDial(mode, known));
  }

  /** Notes that the handshake of a connection is complete. */
  worked(connection: OutboundPeer): void {
    for (const [key, active] of this.active)
      if (active === connection) {
        const known = this.modules.addrman.get(key);
        if (known !== undefined)
          this.modules.addrman.worked(known, connection.claims?.services ?? 0n, connection.transport);
        this.modules.changed();
      }
  }

  private dial(known: KnownAddress, host: string, dialBy: TransportName): void {
    const { mode, open } = this.modules;
    const connection = open(host, known.port, dialBy);
    if (connection === null) return;
    this.active.set(known.key, connection);
    void connection.closed.then((reason) => {
      this.active.delete(known.key);
      // The peer lacks the encrypted transport.
      if (reason === 'plain-transport' && mode === 'auto') this.dial(known, host, 'v1');
      else this.ended(known, connection, reason);
    });
  }

  private ended(known: KnownAddress, connection: OutboundPeer, reason: DisconnectReason): void {
    const { addrman, changed, monotonicMs, peers } = this.modules;
    const now = monotonicMs();
    const lasted = connection.established && now - connection.openedAt > GOOD_MS;
    const losses = lasted ? 1 : (this.backoffs.get(known)?.losses ?? 0) + 1;
    this.backoffs.set(known, { losses, until: now + waitAfter(losses) });
    if (reason === 'stopped') return;
    if (reason === 'self-connection') {
      this.ours.add(known.key);
      addrman.forget(known.key);
    } else if (!connection.established) {
      const isOnline = this.established >= Math.min(peers - 1, ONLINE_PEERS);
      addrman.failed(known, reason !== 'route-failed' && isOnline);
    }
    changed();
  }

  /** The filter of addresses that may be dialled now. */
  private dialFilter(): (known: KnownAddress) => boolean {
    const { connections, isBanned, monotonicMs, network, reaches } = this.modules;
    const groups = new Set<string>();
    for (const { host, port } of connections.outbound) {
      const raw = parseHost(host);
      if (raw !== null) groups.add(netgroupOf(network, { ...raw, port }));
    }
    const now = monotonicMs();
    return (known) => {
      if (this.ours.has(known.key)) return false;
      if ((this.backoffs.get(known)?.until ?? 0) > now || !isDialable(network, known, reaches)) return false;
      if (groups.has(netgroupOf(network, known))) return false;
      const host = formatHost(known) ?? '';
      if (!isLoopback(known) && connections.inboundFrom(host) > 0) return false;
      return !isBanned(host, known.port);
    };
  }
}

/**
 * Milliseconds until the next attempt, with jitter, so that not all monitors dial a restarted node at once.
 */
function waitAfter(losses: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, losses - 1)) * (0.5 + Math.random() / 2);
}
