import { BlockList } from 'node:net';
import { ipOf, type NetworkAddress } from '../../wire/messages/network-address';
import type { NetworkName } from '../../wire/networks';
import type { RawAddress } from './ip';

/** An address with its port. */
export type RawEndpoint = RawAddress & Pick<NetworkAddress, 'port'>;

/**
 * On a public network, ports below are not dialled because a peer or a seed says so: behind them are mail and
 * name servers that somebody else would like to see bothered. Core has a list of such ports
 * (`src/netbase.cpp` IsBadPort).
 */
const LEAST_PORT = 1_024;

/**
 * What lies within a machine or a private net, or is nobody's: Core 31 `src/netaddress.cpp`
 * CNetAddr::IsRoutable, with multicast and the reserved class E, to which nobody can connect.
 */
const UNROUTABLE_IPV4: readonly (readonly [prefix: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8], // RFC 1918
  ['100.64.0.0', 10], // RFC 6598
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // RFC 3927
  ['172.16.0.0', 12], // RFC 1918
  ['192.0.0.0', 24], // RFC 6890
  ['192.0.2.0', 24], // RFC 5737
  ['192.168.0.0', 16], // RFC 1918
  ['198.18.0.0', 15], // RFC 2544
  ['198.51.100.0', 24], // RFC 5737
  ['203.0.113.0', 24], // RFC 5737
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * Of the global unicast addresses of IPv6 (2000::/3, the only ones that are given out), those that are
 * nobody's, and those with an IPv4 address inside, which would get around the list above.
 */
const UNROUTABLE_IPV6: readonly (readonly [prefix: string, bits: number])[] = [
  ['2001::', 32], // Teredo, RFC 4380
  ['2001:10::', 28], // RFC 4843
  ['2001:20::', 28], // RFC 7343
  ['2001:db8::', 32], // RFC 3849
  ['2002::', 16], // 6to4, RFC 3964
  ['3fff::', 20], // RFC 9637
];

const unroutable = new BlockList();
for (const [prefix, bits] of UNROUTABLE_IPV4) unroutable.addSubnet(prefix, bits, 'ipv4');
for (const [prefix, bits] of UNROUTABLE_IPV6) unroutable.addSubnet(prefix, bits, 'ipv6');

/** Whether a network is somebody's own, on one machine. */
export function isLocalNetwork(network: NetworkName): boolean {
  return network === 'simnet' || network === 'regtest';
}

/** Whether an IP address is of this machine. */
export function isLoopback({ network, address }: RawAddress): boolean {
  if (network === 'ipv4') return address[0] === 127;
  return network === 'ipv6' && address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0);
}

/** Whether an IP address is one that is reached over the internet. */
export function isRoutable(place: RawAddress): boolean {
  if (place.network === 'ipv6' && ((place.address[0] ?? 0) & 0xe0) !== 0x20) return false;
  const ip = ipOf(place);
  return ip !== null && !unroutable.check(ip, place.network === 'ipv4' ? 'ipv4' : 'ipv6');
}

/**
 * Whether a node that somebody told of may be dialled: on public networks one that the internet leads to, on
 * simnet and regtest one on this machine and no other, so that what is told there never leads out.
 */
export function isDialable(network: NetworkName, place: RawEndpoint): boolean {
  if (isLocalNetwork(network)) return place.port > 0 && isLoopback(place);
  return place.port >= LEAST_PORT && isRoutable(place);
}

/**
 * Whether an address is worth knowing: it may be dialled, or is of a network that others can dial (BIP155).
 */
export function isWorthKnowing(network: NetworkName, place: RawEndpoint): boolean {
  if (place.network === 'torv3' || place.network === 'i2p' || place.network === 'cjdns')
    return !isLocalNetwork(network);
  return isDialable(network, place);
}
