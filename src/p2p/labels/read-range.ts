import { parseHost } from '../join/host';
import type { AddressRange } from './address-labels';

/** IPv4 within IPv6: `::ffff:192.0.2.0/120` is 192.0.2.0/24. */
const MAPPED_BITS = 96;

/**
 * Reads an address, or a range of addresses as CIDR: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`, or a name
 * of Tor or I2P. Null where it is none. Bits behind the prefix don't matter (Core 31 `src/netbase.cpp`
 * LookupSubNet).
 */
export function readRange(text: string): AddressRange | null {
  const [host = '', length, ...more] = text.split('/');
  // A zone is of one machine.
  if (more.length > 0 || host.includes('%')) return null;
  const raw = parseHost(host.toLowerCase());
  if (raw === null) return null;
  const { network, address } = raw;
  const most = address.length * 8;
  if (length === undefined) return { network, address, bits: most };
  const isIp = network === 'ipv4' || network === 'ipv6' || network === 'cjdns';
  if (!isIp || !/^\d{1,3}$/.test(length)) return null;
  const bits = Number(length) - (network === 'ipv4' && host.includes(':') ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= most ? { network, address, bits } : null;
}
