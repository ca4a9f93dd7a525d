import { ipOf } from '../../wire/messages/network-address';
import type { RawAddress } from './ip';
import { groupBits } from './netgroup';

/**
 * The netgroup of an address as text: `203.0.0.0/16`, `2001:db8::/32`, `fc10::/12` of CJDNS. If the address
 * is a key, it is the network and the first four bits: `onion:b`, `i2p:3`. Unlike `netgroupOf` it is the same
 * on each network.
 */
export function netgroupText({ network, address }: RawAddress): string {
  const bits = groupBits({ network, address });
  const whole = bits >> 3;
  const group = Buffer.alloc(address.length);
  address.copy(group, 0, 0, whole);
  // The other bits are always four.
  if (bits % 8 !== 0) group[whole] = (address[whole] ?? 0) & 0xf0;
  const ip = ipOf({ network: network === 'cjdns' ? 'ipv6' : network, address: group });
  // One string, which each peer has; a template keeps its parts.
  if (ip !== null) return [ip, bits].join('/');
  const name = network === 'torv2' || network === 'torv3' ? 'onion' : network;
  return `${name}:${((address[0] ?? 0) >> 4).toString(16)}`;
}
