import { parseIp } from './join/ip';
import { sourceGroupOf } from './join/netgroup';
import type { NetworkName } from '../wire/networks';

/** What is looked at of a connection. */
export interface IndexedConnection {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly outbound: boolean;
  readonly established: boolean;
}

/**
 * The open connections, found by what is asked about them: nothing here takes the longer the more peers there
 * are. Those that we have dialled can be walked over, as they are as few as was wished.
 */
export class Connections<C extends IndexedConnection> {
  private readonly byId = new Map<number, C>();
  private readonly inbound = new Set<C>();
  /** Inbound ones that may not have shaken hands, the oldest first. */
  private readonly idle = new Set<C>();
  /** Those that we have dialled. */
  readonly outbound = new Set<C>();
  private readonly outboundEndpoints = new Tally();
  private readonly outboundHosts = new Tally();
  private readonly inboundHosts = new Tally();
  private readonly inboundGroups = new Tally();

  constructor(private readonly network: NetworkName) {}

  /** Number of those who dialled us. */
  get inboundCount(): number {
    return this.inbound.size;
  }

  add(connection: C): void {
    this.byId.set(connection.id, connection);
    this.count(connection, 1);
    if (connection.outbound) {
      this.outbound.add(connection);
    } else {
      this.inbound.add(connection);
      this.idle.add(connection);
    }
  }

  /** Forgets a connection that has ended. */
  delete(connection: C): void {
    if (!this.byId.delete(connection.id)) return;
    this.count(connection, -1);
    this.outbound.delete(connection);
    this.inbound.delete(connection);
    this.idle.delete(connection);
  }

  get(id: number): C | undefined {
    return this.byId.get(id);
  }

  /** All of them, the ones that we have dialled first. */
  *[Symbol.iterator](): IterableIterator<C> {
    yield* this.outbound;
    yield* this.inbound;
  }

  /** Whether we have dialled an address, at a port or at any. */
  hasDialled(host: string, port?: number): boolean {
    return port === undefined
      ? this.outboundHosts.of(host) > 0
      : this.outboundEndpoints.of(endpointKey(host, port)) > 0;
  }

  /** How many have dialled us from an address. */
  inboundFrom(host: string): number {
    return this.inboundHosts.of(host);
  }

  /** How many have dialled us from a group of addresses; see `sourceGroupOf`. */
  inboundFromGroup(group: string): number {
    return this.inboundGroups.of(group);
  }

  /** The oldest of those who dialled us and have not shaken hands. */
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
    const place = parseIp(host);
    this.inboundHosts.add(host, change);
    if (place !== null) this.inboundGroups.add(sourceGroupOf(this.network, place), change);
  }
}

/** Counts by name. */
class Tally {
  private readonly counts = new Map<string, number>();

  of(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  add(name: string, change: number): void {
    const count = this.of(name) + change;
    if (count > 0) this.counts.set(name, count);
    else this.counts.delete(name);
  }
}

function endpointKey(host: string, port: number): string {
  return `${host} ${port}`;
}
