import { parseIp, type RawAddress } from './join/ip';
import { isRoutable } from './join/reachability';

/** The network of a peer's address, by Core's names (Core 31 `src/netbase.cpp` GetNetworkName). */
export type PeerNetwork = 'ipv4' | 'ipv6' | 'onion' | 'i2p' | 'cjdns' | 'not_publicly_routable';

/**
 * The network of a peer from its address, `host:port`; undefined where that is no address. An inbound peer
 * over Tor or I2P has the address of the program that led it here.
 */
export function peerNetworkOf(address: string): PeerNetwork | undefined {
  const host = hostIn(address);
  if (host.endsWith('.onion')) return 'onion';
  if (host.endsWith('.b32.i2p')) return 'i2p';
  const ip = parseIp(host);
  return ip === null ? undefined : networkOfIp(ip);
}

function networkOfIp(ip: RawAddress): PeerNetwork {
  // Tor v2 in the form of IPv6 (OnionCat), which btcd still writes for some.
  if (ip.network === 'torv2') return 'onion';
  if (!isRoutable(ip)) return 'not_publicly_routable';
  return ip.network === 'ipv4' ? 'ipv4' : 'ipv6';
}

/** The host of `host:port`; an IPv6 address has brackets around it, and loses them and its zone. */
export function hostIn(address: string): string {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  return host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
}
