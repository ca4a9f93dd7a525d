import { BlockList } from 'node:net';
import { type AddressNetwork, ipOf, type NetworkAddress } from '../../wire/messages/network-address';
import { isLocalNetwork, type NetworkName } from '../../wire/networks';
import type { RawAddress } from './ip';

/** An address with its port. */
export type RawEndpoint = RawAddress & Pick<NetworkAddress, 'port'>;

/**
 * On a public network, lower ports are not dialled because a peer or seed says so: an attacker could use us
 * to disturb mail and name servers. Core has a list of such ports (`src/netbase.cpp` IsBadPort).
 */
const LEAST_PORT = 1_024;

/**
 * Addresses of a machine or a private network, and unassigned ones: Core 31 `src/netaddress.cpp`
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
 * Unroutable parts of IPv6's global unicast addresses (2000::/3, the only assigned ones), and those that
 * contain an IPv4 address, which would bypass the list above.
 */
const UNROUTABLE_IPV6: readonly (readonly [prefix: string, bits: number])[] = [
  ['2001::', 32], // Teredo, RFC 4380
  ['2001:10::', 28], // RFC 4843
  ['2001:20::', 28], // RFC 7343
  ['2001:db8::', 32], // RFC 3849
  ['2002::', 16], // 6to4, RFC 3964
  ['3fff::', 20], // RFC 9637
];

/**
 * Addresses of this machine, and those that a router of the internet never leads on: of the list above, those
 * that are assigned to private networks and links.
 */
const PRIVATE: readonly (readonly [prefix: string, bits: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 32, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fc00::', 7, 'ipv6'], // RFC 4193
  ['fe80::', 10, 'ipv6'], // RFC 4291
];

const unroutable = new BlockList();
for (const [prefix, bits] of UNROUTABLE_IPV4) unroutable.addSubnet(prefix, bits, 'ipv4');
for (const [prefix, bits] of UNROUTABLE_IPV6) unroutable.addSubnet(prefix, bits, 'ipv6');
const privately = new BlockList();
for (const [prefix, bits, family] of PRIVATE) privately.addSubnet(prefix, bits, family);

/** Whether an IP address is a loopback address. */
export function isLoopback({ network, address }: RawAddress): boolean {
  if (network === 'ipv4') return address[0] === 127;
  return network === 'ipv6' && address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0);
}

/** Whether an address is of this machine or of a private network. Those of CJDNS are within fc00::/7. */
export function isPrivate({ network, address }: RawAddress): boolean {
  const ip = ipOf({ network: network === 'cjdns' ? 'ipv6' : network, address });
  return ip !== null && privately.check(ip, network === 'ipv4' ? 'ipv4' : 'ipv6');
}

/** Whether an IP address can be reached over the internet. */
export function isRoutable(address: RawAddress): boolean {
  if (address.network === 'ipv6' && ((address.address[0] ?? 0) & 0xe0) !== 0x20) return false;
  const ip = ipOf(address);
  return ip !== null && !unroutable.check(ip, address.network === 'ipv4' ? 'ipv4' : 'ipv6');
}

/** Whether addresses of a network can be dialled; see `Routes`. */
export type Reaches = (network: AddressNetwork) => boolean;

/** What is reached without a proxy. */
const DIRECTLY: Reaches = (network) => network === 'ipv4' || network === 'ipv6';

/**
 * Whether an announced node may be dialled. There must be a route to its network. On public networks an IP
 * must be reachable over the internet. On simnet and regtest it must be on this machine, so that an
 * announcement never leads to another one.
 */
export function isDialable(network: NetworkName, endpoint: RawEndpoint, reaches = DIRECTLY): boolean {
  if (!reaches(endpoint.network)) return false;
  if (isLocalNetwork(network)) return endpoint.port > 0 && isLoopback(endpoint);
  // The addresses of I2P have no port.
  if (isOverlay(endpoint)) return endpoint.network === 'i2p' || endpoint.port > 0;
  return endpoint.port >= LEAST_PORT && isRoutable(endpoint);
}

/**
 * Whether an address is worth storing: we may dial it, or it is of a network that others can dial (BIP155).
 */
export function isWorthKnowing(network: NetworkName, endpoint: RawEndpoint): boolean {
  return isOverlay(endpoint) ? !isLocalNetwork(network) : isDialable(network, endpoint);
}

/** Whether an address is of a network above the internet, where each address is a key. */
function isOverlay({ network }: RawAddress): boolean {
  return network === 'torv3' || network === 'i2p' || network === 'cjdns';
}
