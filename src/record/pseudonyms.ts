import { formatHost, parseHost } from '../p2p/join/host';
import type { NetworkAddress } from '../wire/messages/network-address';

type RawAddress = Pick<NetworkAddress, 'network' | 'address'>;

/** The first port of each of them; further ports of one address follow it. */
const PORT = 8333;
const PORTS = 57_000;

/** Where the numbers of addresses begin: networks for tests and documents (RFC 2544, RFC 3849), and CJDNS. */
const BASES: Readonly<Partial<Record<NetworkAddress['network'], Buffer>>> = {
  ipv4: Buffer.of(198, 18, 0, 0),
  ipv6: Buffer.from('20010db8000000000000000000000000', 'hex'),
  cjdns: Buffer.from('fc000000000000000000000000000000', 'hex'),
};

/** The second half of 198.18.0.0/15 ends here; further addresses get numbers again. */
const IPV4_NUMBERS = 131_072;

const NUMBER_BYTES = 4;

/**
 * Replaces the addresses of a recording. An address always gets the same replacement, of the same network.
 */
export class Pseudonyms {
  private readonly numbers = new Map<string, number>();
  /** The ports of each address, and those in their place. */
  private readonly ports = new Map<string, Map<string, number>>();

  /** How many addresses were replaced. */
  get size(): number {
    return this.numbers.size;
  }

  /** Replaces `host:port`. */
  ofEndpoint(endpoint: string): string {
    const host = endpoint
      .slice(0, endpoint.lastIndexOf(':'))
      .replace(/^\[|\]$/g, '')
      .replace(/%.*$/, '');
    const port = this.portOf(host, endpoint.slice(endpoint.lastIndexOf(':') + 1));
    const raw = parseHost(host);
    if (raw === null) return `name-${this.numberOf(`name ${host}`)}.invalid:${port}`;
    const text = formatHost({ network: raw.network, address: this.bytesOf(raw) }) ?? 'unknown.invalid';
    return `${text.includes(':') ? `[${text}]` : text}:${port}`;
  }

  /** Replaces the address of an entry of `addr` or `addrv2` in its payload, and the port after it. */
  replace(entry: RawAddress): void {
    const { address } = entry;
    const pseudonym = this.bytesOf(entry);
    pseudonym.copy(address);
    Buffer.from(address.buffer, address.byteOffset + address.length, 2).writeUInt16BE(PORT);
  }

  private portOf(host: string, text: string): number {
    const ports = this.ports.get(host) ?? new Map<string, number>();
    this.ports.set(host, ports);
    const port = ports.get(text) ?? PORT + (ports.size % PORTS);
    ports.set(text, port);
    return port;
  }

  private bytesOf({ network, address }: RawAddress): Buffer {
    const number = this.numberOf(`${network} ${address.toString('hex')}`);
    const bytes = Buffer.alloc(address.length);
    const base = BASES[network];
    if (base?.length === bytes.length) base.copy(bytes);
    if (bytes.length < NUMBER_BYTES) return bytes;
    const at = bytes.length - NUMBER_BYTES;
    bytes.writeUInt32BE(bytes.readUInt32BE(at) + (network === 'ipv4' ? number % IPV4_NUMBERS : number), at);
    return bytes;
  }

  private numberOf(key: string): number {
    let number = this.numbers.get(key);
    if (number === undefined) this.numbers.set(key, (number = this.numbers.size + 1));
    return number;
  }
}
