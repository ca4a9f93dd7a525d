import { CountsByName } from '../lib/counts-by-name';
import { type AsnOf, Diversity, type Origin } from './join/diversity';
import { parseHost } from './join/host';
import { sourceGroupOf } from './join/netgroup';
import type { NetworkName } from '../wire/networks';

/** What the index knows of a connection. */
export interface IndexedConnection {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly outbound: boolean;
  readonly established: boolean;
}

/** What is kept of an open connection. */
interface Entry<C> {
  readonly connection: C;
  /** Where it leads, if we have dialled it and that is known. */
  readonly origin: Origin | null;
  /** Whether we have dialled it and its handshake is complete. */
  isGreeted: boolean;
}

/**
 * The open connections, indexed by id, endpoint, host and netgroup: no look-up and no change takes longer
 * with more peers.
 */
export class Connections<C extends IndexedConnection> {
  private readonly byId = new Map<number, Entry<C>>();
  private readonly inbound = new Set<C>();
  /** Inbound connections whose handshake may be incomplete, the oldest first. */
  private readonly idle = new Set<C>();
  /** The connections that we have dialled. */
  readonly outbound = new Set<C>();
  private readonly outboundEndpoints = new CountsByName();
  private readonly outboundHosts = new CountsByName();
  private readonly inboundHosts = new CountsByName();
  private readonly inboundGroups = new CountsByName();
  /** Where the connections lead that we have dialled. */
  readonly diversity: Diversity;
  private greetedOnes = 0;

  /** @param asnOf finds autonomous systems; left out where there is no map of them */
  constructor(
    private readonly network: NetworkName,
    asnOf?: AsnOf,
  ) {
    this.diversity = new Diversity(network, asnOf);
  }

  /** Number of inbound connections. */
  get inboundCount(): number {
    return this.inbound.size;
  }

  /** Number of connections that we have dialled and whose handshake is complete. */
  get greetedCount(): number {
    return this.greetedOnes;
  }

  /** Notes that the handshake of a connection is complete. */
  greeted(connection: C): void {
    const entry = connection.outbound ? this.byId.get(connection.id) : undefined;
    if (entry === undefined || entry.isGreeted) return;
    entry.isGreeted = true;
    this.greetedOnes += 1;
  }

  add(connection: C): void {
    const { host, id, outbound, port } = connection;
    const origin = outbound ? this.diversity.originOf(host, port) : null;
    this.byId.set(id, { connection, origin, isGreeted: false });
    this.count(connection, 1);
    if (outbound) {
      this.outbound.add(connection);
      if (origin !== null) this.diversity.add(origin, 1);
      if (connection.established) this.greeted(connection);
    } else {
      this.inbound.add(connection);
      this.idle.add(connection);
    }
  }

  /** Forgets a connection that has ended. */
  delete(connection: C): void {
    const entry = this.byId.get(connection.id);
    if (entry === undefined) return;
    this.byId.delete(connection.id);
    this.count(connection, -1);
    if (connection.outbound) {
      this.outbound.delete(connection);
    } else {
      this.inbound.delete(connection);
      this.idle.delete(connection);
    }
    if (entry.isGreeted) this.greetedOnes -= 1;
    if (entry.origin !== null) this.diversity.add(entry.origin, -1);
  }

  get(id: number): C | undefined {
    return this.byId.get(id)?.connection;
  }

  /** All connections, the outbound ones first. */
  *[Symbol.iterator](): IterableIterator<C> {
    yield* this.outbound;
    yield* this.inbound;
  }

  /** Whether there is an outbound connection to an address, at a port or at any port. */
  hasDialled(host: string, port?: number): boolean {
    return port === undefined
      ? this.outboundHosts.of(host) > 0
      : this.outboundEndpoints.of(endpointKey(host, port)) > 0;
  }

  /** Number of inbound connections from an address. */
  inboundFrom(host: string): number {
    return this.inboundHosts.of(host);
  }

  /** Number of inbound connections from a netgroup; see `sourceGroupOf`. */
  inboundFromGroup(group: string): number {
    return this.inboundGroups.of(group);
  }

  /** The oldest inbound connection without a complete handshake. */
  oldestIdle(): C | undefined {
    for (const connection of this.idle) {
      if (!connection.established) return connection;
      this.idle.delete(connection);
    }
    return undefined;
  }

  private count({ host, port, outbound }: C, change: number): void {
    if (outbound) {
      this.outboundEndpoints.add(endpointKey(host, port), change);
      this.outboundHosts.add(host, change);
      return;
    }
    const raw = parseHost(host);
    this.inboundHosts.add(host, change);
    if (raw !== null) this.inboundGroups.add(sourceGroupOf(this.network, raw), change);
  }
}

function endpointKey(host: string, port: number): string {
  return `${host} ${port}`;
}
