import type { BcoinPeer } from '../../bcoin/bcoin';
import type { AddressNetwork } from '../../wire/messages/network-address';

/** The networks to which there may be a route, as options name them. */
export const ROUTE_NETWORKS = ['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns'] as const;

/** Such a network. */
export type RouteNetwork = (typeof ROUTE_NETWORKS)[number];

/** The network of an address as options name it; null for one that nobody here can dial. */
export function routeNetworkOf(network: AddressNetwork): RouteNetwork | null {
  if (network === 'torv3') return 'onion';
  return ROUTE_NETWORKS.find((name) => name === network) ?? null;
}

/** The stream to a peer. A `net.Socket` is one. */
export type PeerSocket = BcoinPeer.Stream;

/** A way to open streams to addresses. */
export interface Route {
  /** How long opening a stream may take, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Opens a stream to a host, which is an IP, a name of Tor or I2P, or a DNS name if the route resolves
   * names. The stream emits `connect` once it can be written to, or `error` (with a code; see `RouteError`)
   * and `close`. Destroying it earlier cancels the dial.
   */
  open(host: string, port: number): PeerSocket;
}

/**
 * The proxy or bridge of a route failed, and not the address that was dialled. Each attempt by that route
 * would fail.
 */
export class RouteError extends Error {
  readonly code = 'EROUTE';
}
