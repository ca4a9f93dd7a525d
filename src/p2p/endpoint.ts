import { SocketAddress, isIPv4, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { UsageError } from '../lib/errors';
import { isOverlayName, overlayMistake } from './join/overlay';

/** A host and port to dial. */
export interface Endpoint {
  /**
   * An IPv4 or IPv6 address without brackets, optionally with a zone (`fe80::1%eth0`), a name of Tor or I2P
   * in small letters, or a DNS name in ASCII.
   */
  readonly host: string;
  /** 0 for an address of I2P, which has no port. */
  readonly port: number;
}

/**
 * Parses the value of an option: `host`, `host:port`, `[IPv6]:port` or a bare IPv6 address. Names with other
 * than ASCII characters are converted as browsers do (IDNA, RFC 5891).
 * @throws UsageError naming `text` and what would be right
 */
export function parseEndpoint(text: string, defaultPort: number, option = '--connect'): Endpoint {
  if (isIPv6(text)) return { host: text, port: defaultPort };
  const mistake = mistakeIn(text, option);
  if (mistake !== null) throw new UsageError(`${option} ${text}: ${mistake}`);
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(.*))?$/.exec(text);
  const host = match?.[1] ?? toAscii(match?.[2] ?? '');
  if (match?.[1] !== undefined ? !isIPv6(host) : !isHostName(host))
    throw new UsageError(
      `${option} ${text}: not a host; give host[:port], 192.0.2.1:8333, [2001:db8::1]:8333 or a DNS name`,
    );
  const port = match?.[3];
  if (isOverlayName(host)) return overlayEndpoint(text, host, { port, defaultPort, option });
  if (port === undefined) return { host, port: defaultPort };
  return { host, port: readPort(text, port, option) };
}

function readPort(text: string, port: string, option: string): number {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= 65_535) return number;
  throw new UsageError(`${option} ${text}: "${port}" is not a port; give one from 1 to 65535`);
}

/** The endpoint of a name of Tor or I2P. */
function overlayEndpoint(
  text: string,
  host: string,
  given: { readonly port: string | undefined; readonly defaultPort: number; readonly option: string },
): Endpoint {
  const { port, defaultPort, option } = given;
  const name = host.toLowerCase().replace(/\.$/, '');
  const mistake = overlayMistake(name);
  if (mistake !== null) throw new UsageError(`${option} ${text}: ${mistake}`);
  if (name.endsWith('.onion'))
    return { host: name, port: port === undefined ? defaultPort : readPort(text, port, option) };
  if (port === undefined || port === '0') return { host: name, port: 0 };
  throw new UsageError(`${option} ${text}: an address of I2P has no port; leave it out`);
}

/** What is wrong with a text that people write for an endpoint, and what would be right; null for others. */
function mistakeIn(text: string, option: string): string | null {
  const [, scheme, authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  if (scheme !== undefined) {
    const bare = /^[\w.:[\]-]+$/.test(authority) ? authority : '192.0.2.1:8333';
    const rpc = /^https?$/i.test(scheme) ? '; what answers HTTP is an RPC port, not that of peers' : '';
    return `is a URL; give host[:port] alone, such as ${bare}${rpc}`;
  }
  if (text.includes(',')) {
    const each = text.split(',', 3).map((part) => `${option} ${part.trim()}`);
    return `has a comma; give each by itself: ${each.join(' ')} (in a file as a list)`;
  }
  const [, before = '', port] = /^(\S+)\s+:?\s*(\d+)$/.exec(text) ?? [];
  if (port !== undefined) return `has a space; give host:port, such as ${before.replace(/:$/, '')}:${port}`;
  if (/^:?\d+$/.test(text)) {
    const number = text.replace(':', '');
    const such = Number(number) >= 1 && Number(number) <= 65_535 ? number : '8333';
    return `is a number without a host; give host:port, such as 127.0.0.1:${such}`;
  }
  const host = /^([^:[\]]+)(?::.*)?$/.exec(text)?.[1] ?? '';
  // No name of DNS ends in a number. Resolvers take some of these for addresses: 127.1 is 127.0.0.1.
  return /^[\w.-]*\.\d+\.?$/.test(host) && !isIPv4(host)
    ? `${host} is not an IPv4 address, which has four numbers from 0 to 255; give one, such as 192.0.2.1:8333`
    : null;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The endpoints without duplicates, in the given order. */
export function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [keyOf(endpoint), endpoint])).values()];
}

/**
 * A key that is the same for all spellings of an endpoint: names ignore case and may end with a dot, IPv6
 * addresses may have leading zeros.
 */
function keyOf({ host, port }: Endpoint): string {
  const [bare = '', zone = ''] = host.split('%');
  const plain = isIPv6(bare)
    ? `${new SocketAddress({ family: 'ipv6', address: bare }).address}%${zone}`
    : bare.toLowerCase().replace(/\.$/, '');
  return `${plain} ${port}`;
}

/** The ASCII form of a DNS name. */
function toAscii(name: string): string {
  return /[^\0-\x7f]/.test(name) ? domainToASCII(name) : name;
}

/** Whether a text is a DNS name, or an IPv4 address. */
export function isHostName(text: string): boolean {
  return (
    text.length <= 253 && /^[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*\.?$/i.test(text)
  );
}
