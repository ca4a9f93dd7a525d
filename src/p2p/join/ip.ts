import { isIP } from 'node:net';
import { fromLegacyAddress, ipOf, type NetworkAddress } from '../../wire/messages/network-address';

/** Network and bytes of an address. */
export type RawAddress = Pick<NetworkAddress, 'network' | 'address'>;

/** Parses an IP; null if `text` is not one. IPv4 mapped into IPv6 becomes IPv4. */
export function parseIp(text: string): RawAddress | null {
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  const [host = ''] = text.split('%');
  const family = isIP(host);
  if (family === 0) return null;
  if (family === 4) return { network: 'ipv4', address: Buffer.from(host.split('.').map(Number)) };
  return fromLegacyAddress(ipv6Bytes(host));
}

/**
 * The canonical form of an IP, for comparing connections. A link-local address (fe80::/10, RFC 4291) keeps
 * its zone, which a socket needs to connect; elsewhere a zone has no meaning.
 */
export function hostOf(text: string): string {
  const ip = parseIp(text);
  const host = ip === null ? null : ipOf(ip);
  if (ip === null || host === null) return text;
  const isLinkLocal = ip.network === 'ipv6' && (ip.address.readUInt16BE(0) & 0xffc0) === 0xfe80;
  const zone = /%.+$/.exec(text)?.[0] ?? '';
  return isLinkLocal ? `${host}${zone}` : host;
}

/** The 16 bytes of a valid IPv6 address. */
function ipv6Bytes(text: string): Buffer {
  const [head = [], tail] = text.split('::').map(groups);
  const left = head.concat(Array<number>(tail === undefined ? 0 : 8 - head.length - tail.length).fill(0));
  const bytes = Buffer.alloc(16);
  left.concat(tail ?? []).forEach((group, i) => bytes.writeUInt16BE(group, i * 2));
  return bytes;
}

/** The 16-bit groups of one side of `::`. An address may end with an IPv4 address, which makes two groups. */
function groups(text: string): number[] {
  return text
    .split(':')
    .filter((part) => part !== '')
    .flatMap((part) => {
      if (!part.includes('.')) return [parseInt(part, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      return [a * 256 + b, c * 256 + d];
    });
}
