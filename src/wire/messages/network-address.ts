import { SocketAddress } from 'node:net';

/**
 * The networks of BIP155. `unknown` stands for every other network, and for an address that is not valid in
 * the network it claims.
 */
export type AddressNetwork = 'ipv4' | 'ipv6' | 'torv2' | 'torv3' | 'i2p' | 'cjdns' | 'yggdrasil' | 'unknown';

/** An entry of `addr` or `addrv2`: the address of a node, as a peer claims. */
export interface NetworkAddress {
  /** Unix time in seconds at which the node was seen, as the peer claims. */
  readonly time: number;
  /** The 64 service bits of the node, as the peer claims. */
  readonly services: bigint;
  readonly network: AddressNetwork;
  /**
   * The address in the form of BIP155: 4 bytes for IPv4, 16 for IPv6, a key or a hash for other networks. A
   * view of the payload.
   */
  readonly address: Buffer;
  readonly port: number;
}

/**
 * The largest number of entries of one message (Core 31 `src/net.h` MAX_ADDR_TO_SEND, btcd v0.26
 * `wire/msgaddr.go` MaxAddrPerMsg).
 */
export const MAX_ADDRESSES = 1_000;

/** Prefixes of 16-byte addresses that are not IPv6 (Core 31 `src/netaddress.h`). */
const MAPPED_IPV4 = Buffer.from('00000000000000000000ffff', 'hex');
const ONION_CAT = Buffer.from('fd87d87eeb43', 'hex');
const CORE_INTERNAL = Buffer.from('fd6b88c08724', 'hex');

/**
 * Network and address from the 16 bytes of `addr`, which hold IPv4 as a mapped address (RFC 4291) and Tor v2
 * as OnionCat.
 */
export function fromLegacyAddress(bytes: Buffer): Pick<NetworkAddress, 'network' | 'address'> {
  if (startsWith(bytes, MAPPED_IPV4)) return { network: 'ipv4', address: bytes.subarray(MAPPED_IPV4.length) };
  if (startsWith(bytes, ONION_CAT)) return { network: 'torv2', address: bytes.subarray(ONION_CAT.length) };
  return { network: isPlainIPv6(bytes) ? 'ipv6' : 'unknown', address: bytes };
}

/** An address as the 16 bytes of `addr`; null where `addr` has no form for it. */
export function toLegacyAddress({ network, address }: NetworkAddress): Buffer | null {
  if (network === 'ipv4') return Buffer.concat([MAPPED_IPV4, address]);
  return network === 'ipv6' ? address : null;
}

/**
 * Whether 16 bytes are an IPv6 address and not an address of another network in the form of one. Nodes ignore
 * the latter in `addrv2`.
 */
export function isPlainIPv6(bytes: Buffer): boolean {
  return ![MAPPED_IPV4, ONION_CAT, CORE_INTERNAL].some((prefix) => startsWith(bytes, prefix));
}

/** The address as people write an IP address, without a port; null where a socket cannot connect to it. */
export function ipOf({ network, address }: Pick<NetworkAddress, 'network' | 'address'>): string | null {
  if (network === 'ipv4') return address.join('.');
  if (network !== 'ipv6') return null;
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(i * 2).toString(16));
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address;
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.subarray(0, prefix.length).equals(prefix);
}
