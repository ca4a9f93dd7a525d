import { type NetworkAddress, ipOf } from '../../wire/messages/network-address';
import type { NetworkName } from '../../wire/networks';
import { parseIp, type RawAddress } from './ip';
import { sourceGroupOf } from './netgroup';
import { formatOverlay, parseOverlay } from './overlay';

/** The first byte of each address of CJDNS (Core 31 `src/netaddress.h` CJDNS_PREFIX). */
const CJDNS_PREFIX = 0xfc;

/**
 * Parses a host that is an address: an IP, or a name of Tor or I2P in small letters. IPv6 addresses in
 * fc00::/8 belong to CJDNS. Null for a DNS name.
 */
export function parseHost(text: string): RawAddress | null {
  const ip = parseIp(text);
  if (ip === null) return parseOverlay(text);
  return ip.network === 'ipv6' && ip.address[0] === CJDNS_PREFIX ? { ...ip, network: 'cjdns' } : ip;
}

/** An address as people write it, without a port; null where it is of a network that has no form for it. */
export function formatHost(raw: Pick<NetworkAddress, 'network' | 'address'>): string | null {
  const { address, network } = raw;
  return network === 'cjdns' ? ipOf({ network: 'ipv6', address }) : (ipOf(raw) ?? formatOverlay(raw));
}

/** The netgroup of a peer that sends addresses. One that a proxy reached by a DNS name has only its name. */
export function sourceGroupOfHost(network: NetworkName, host: string): string {
  const raw = parseHost(host);
  return raw === null ? `name:${host.toLowerCase()}` : sourceGroupOf(network, raw);
}
