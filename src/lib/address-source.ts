import { isIPv6 } from 'node:net';

/**
 * What an address is counted as where a client is limited: the address itself, or the /64 network of an IPv6
 * address, which one customer has. An IPv4-mapped IPv6 address counts as the IPv4 address.
 */
export function sourceOf(address: string): string {
  const plain = address.replace(/^::ffff:/, '');
  return isIPv6(plain) ? networkOf(plain) : plain;
}

/** The first four of the eight groups of an IPv6 address. `::` stands for the missing groups. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  const rest = tail === undefined ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  // A proxy may write an address in another form than Node.js.
  const four = [...groups, ...zeros, ...rest].slice(0, 4);
  return four.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
