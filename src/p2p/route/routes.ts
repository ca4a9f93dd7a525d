import type { AddressNetwork } from '../../wire/messages/network-address';
import { parseHost } from '../join/host';
import { isPrivate } from '../join/reachability';
import { DIRECT } from './direct';
import { type Route, ROUTE_NETWORKS, type RouteNetwork, routeNetworkOf } from './route';

/** A route for each network that can be dialled. */
export interface RouteTable extends Readonly<Partial<Record<RouteNetwork, Route>>> {
  /** The route that resolves DNS names; without one the system resolves them. */
  readonly names?: Route;
}

/** Chooses the route to each address. */
export class Routes {
  /** @param only we dial only addresses of these networks, named peers aside; default: all with a route */
  constructor(
    private readonly table: RouteTable,
    private readonly only: readonly RouteNetwork[] = ROUTE_NETWORKS,
  ) {}

  /**
   * The route to a host; undefined if there is none. As in Core, addresses of this machine and of private
   * networks are dialled directly, because a proxy could not reach them. Without a route to CJDNS, fc00::/8
   * is a part of IPv6.
   */
  to(host: string): Route | undefined {
    const raw = parseHost(host);
    if (raw === null) return this.table.names;
    const network = routeNetworkOf(raw.network);
    if (network === 'cjdns' && this.table.cjdns !== undefined) return this.table.cjdns;
    if (isPrivate(raw)) return DIRECT;
    return network === null ? undefined : this.table[network === 'cjdns' ? 'ipv6' : network];
  }

  /** Whether addresses of a network are dialled of our own accord. Peers that the user named always are. */
  reaches(network: AddressNetwork): boolean {
    const name = routeNetworkOf(network);
    return name !== null && this.table[name] !== undefined && this.only.includes(name);
  }

  /** Whether a proxy resolves DNS names, so that the system must not be asked. */
  get resolvesNames(): boolean {
    return this.table.names !== undefined;
  }

  /** Whether a route takes a host unchanged: it is an address, or a name that the route resolves. */
  takes(host: string): boolean {
    return parseHost(host) !== null || this.resolvesNames;
  }
}

/** IPv4 and IPv6 without a proxy. */
export const DIRECT_ROUTES = new Routes({ ipv4: DIRECT, ipv6: DIRECT });
