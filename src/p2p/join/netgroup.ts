import type { NetworkName } from '../../wire/networks';
import type { RawAddress } from './ip';
import { isLocalNetwork, type RawEndpoint } from './reachability';

/** Hurricane Electric gives tunnels to anybody, each of them out of this. */
const HURRICANE = Buffer.from('20010470', 'hex');

/**
 * The group of addresses that one party is likely to have: /16 of IPv4, /32 of IPv6 (/36 of Hurricane
 * Electric's), the first four bits of a key (Core 31 `src/netgroup.cpp` NetGroupManager::GetGroup, without
 * its ASMap). On simnet and regtest all is on one machine, where addresses tell nothing of parties: each
 * address and port is a group of its own.
 */
export function netgroupOf(network: NetworkName, place: RawEndpoint): string {
  const { address, port } = place;
  if (isLocalNetwork(network)) return `${sourceGroupOf(network, place)}:${port}`;
  const bits = groupBits(place);
  const bytes = Buffer.from(address.subarray(0, Math.ceil(bits / 8)));
  if (bits % 8 !== 0) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) & 0xf0;
  return `${place.network}:${bytes.toString('hex')}`;
}

/** The group of one who tells addresses: whatever port it comes from, it is the same party. */
export function sourceGroupOf(network: NetworkName, place: RawAddress): string {
  if (isLocalNetwork(network)) return `${place.network}:${place.address.toString('hex')}`;
  return netgroupOf(network, { ...place, port: 0 });
}

function groupBits({ network, address }: RawAddress): number {
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
