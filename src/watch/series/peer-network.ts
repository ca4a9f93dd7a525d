import { BlockList, isIP } from 'node:net';
import type { NodePeer } from '../answers';

/** Networks of peers, by Core's names. */
type PeerNetwork = 'ipv4' | 'ipv6' | 'onion' | 'i2p' | 'cjdns' | 'not_publicly_routable';

const NAMES: readonly string[] = ['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns', 'not_publicly_routable'];

/** Addresses that are not of the public network: Core's `src/netaddress.cpp`, IsRoutable. */
const LOCAL = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
] as const)
  LOCAL.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['2001:db8::', 32],
  ['2001:10::', 28],
  ['2001:20::', 28],
] as const)
  LOCAL.addSubnet(net, prefix, 'ipv6');

/** Tor v2 addresses in the form of IPv6 (OnionCat), which btcd still writes for some. */
const ONION_CAT = new BlockList();
ONION_CAT.addSubnet('fd87:d87e:eb43::', 48, 'ipv6');

/**
 * The network of a peer. Core names it; of a peer of btcd it follows from the address. Undefined where
 * neither says.
 */
export function networkOf({ network, address }: NodePeer): PeerNetwork | undefined {
  if (network !== undefined) return NAMES.find((name): name is PeerNetwork => name === network);
  return address === undefined ? undefined : networkOfAddress(address);
}

/** The network of an address `host:port`; undefined for a name. */
export function networkOfAddress(address: string): PeerNetwork | undefined {
  const host = hostIn(address);
  if (host.endsWith('.onion')) return 'onion';
  if (host.endsWith('.b32.i2p')) return 'i2p';
  switch (isIP(host)) {
    case 4:
      return LOCAL.check(host, 'ipv4') ? 'not_publicly_routable' : 'ipv4';
    case 6:
      if (ONION_CAT.check(host, 'ipv6')) return 'onion';
      return LOCAL.check(host, 'ipv6') ? 'not_publicly_routable' : 'ipv6';
    default:
      return undefined;
  }
}

/** The host of `host:port`; an IPv6 address has brackets around it, and loses them and its zone. */
export function hostIn(address: string): string {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  return host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
}
