import { formatEndpoint } from '../p2p/endpoint';
import { formatHost, parseHost } from '../p2p/join/host';
import type { RawEndpoint } from '../p2p/join/reachability';
import { hostIn } from '../p2p/peer-network';
import type { AddressNetwork } from '../wire/messages/network-address';

/** The networks of addresses that can be dialled, by the first character of a key. */
const NETWORKS: readonly AddressNetwork[] = ['ipv4', 'ipv6', 'torv3', 'i2p', 'cjdns'];

/**
 * A key of an address, which takes little memory and little time to make: a character each for the network,
 * the two bytes of the port and the bytes of the address. Null for an address that nobody here can dial.
 */
export function keyOf({ network, address, port }: RawEndpoint): string | null {
  const index = NETWORKS.indexOf(network);
  if (index < 0) return null;
  return `${String.fromCharCode(index, port >> 8, port & 0xff)}${address.toString('latin1')}`;
}

/** The address of a key. */
export function endpointOf(key: string): RawEndpoint {
  return {
    network: NETWORKS[key.charCodeAt(0)] ?? 'unknown',
    port: key.charCodeAt(1) * 256 + key.charCodeAt(2),
    address: Buffer.from(key.slice(3), 'latin1'),
  };
}

/** An address as people write it, `host:port`. */
export function formatAddress(endpoint: RawEndpoint): string {
  return formatEndpoint({ host: formatHost(endpoint) ?? '', port: endpoint.port });
}

/** The address in a text that {@link formatAddress} has made; null where it is none. */
export function parseAddress(text: string): RawEndpoint | null {
  const port = /:(\d{1,5})$/.exec(text)?.[1];
  const raw = parseHost(hostIn(text));
  return raw === null || port === undefined || Number(port) > 65_535 ? null : { ...raw, port: Number(port) };
}
