import { parseHost } from './join/host';
import { isRoutable } from './join/reachability';

/** The network of a peer's address, by Core's names (Core 31 `src/netbase.cpp` GetNetworkName). */
export type PeerNetwork = 'ipv4' | 'ipv6' | 'onion' | 'i2p' | 'cjdns' | 'not_publicly_routable';

/**
 * The network of a peer from its address, `host:port`; undefined where that is no address. An inbound peer
 * over Tor or I2P has the address of the program that forwards it.
 */
export function peerNetworkOf(address: string): PeerNetwork | undefined {
  const text = hostIn(address);
  // The end of a name decides.
  if (text.endsWith('.onion')) return 'onion';
  if (text.endsWith('.b32.i2p')) return 'i2p';
  const host = parseHost(text);
  switch (host?.network) {
    case 'ipv4':
    case 'ipv6':
      return isRoutable(host) ? host.network : 'not_publicly_routable';
    case 'cjdns':
      return 'cjdns';
    // btcd still writes some of Tor v2, in the form of IPv6 (OnionCat).
    case 'torv2':
      return 'onion';
    default:
      return undefined;
  }
}

/** The host of `host:port`; an IPv6 address has brackets around it, and loses them and its zone. */
export function hostIn(address: string): string {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  return host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
}
