import { isLocalNetwork, type NetworkName } from '../../wire/networks';
import type { RawAddress } from './ip';
import type { RawEndpoint } from './reachability';

/** The prefix from which Hurricane Electric gives tunnels to anybody. */
const HURRICANE = Buffer.from('20010470', 'hex');

/**
 * The netgroup of an address, which one party is likely to own: /16 for IPv4, /32 for IPv6 (/36 for Hurricane
 * Electric), four bits for the address of a key (Core 31 `src/netgroup.cpp` NetGroupManager::GetGroup,
 * without its ASMap). Simnet and regtest run on one machine, where each address and port is a netgroup of its
 * own.
 */
export function netgroupOf(network: NetworkName, endpoint: RawEndpoint): string {
  const { address, port } = endpoint;
  // `join` makes one string. A template keeps its parts, and each peer has such a string.
  if (isLocalNetwork(network)) return [sourceGroupOf(network, endpoint), port].join(':');
  const bits = groupBits(endpoint);
  const bytes = Buffer.from(address.subarray(0, Math.ceil(bits / 8)));
  if (bits % 8 !== 0) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) & 0xf0;
  return [endpoint.network, bytes.toString('hex')].join(':');
}

/** The netgroup of a peer that sends addresses. Its port doesn't matter. */
export function sourceGroupOf(network: NetworkName, source: RawAddress): string {
  if (isLocalNetwork(network)) return [source.network, source.address.toString('hex')].join(':');
  return netgroupOf(network, { ...source, port: 0 });
}

/** The length of the netgroup of an address in bits: a multiple of 8, or 4 more. */
export function groupBits({ network, address }: RawAddress): number {
  switch (network) {
    case 'ipv4':
      return 16;
    case 'ipv6':
      return address.subarray(0, 4).equals(HURRICANE) ? 36 : 32;
    case 'cjdns': // all begin with the byte fc
      return 12;
    case 'torv2':
    case 'torv3':
    case 'i2p':
    case 'yggdrasil':
    case 'unknown':
      return 4;
  }
}
