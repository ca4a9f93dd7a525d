import { UsageError } from '../../lib/errors';
import { readNamedFile } from '../../lib/named-file';
import type { AddressNetwork } from '../../wire/messages/network-address';
import { parseHost } from './host';
import type { RawAddress } from './ip';

/** The most bytes of a file: about a million lines. */
const MAX_BYTES = 16_000_000;

/** What a line may be, in words. */
const RIGHT = 'give one address or CIDR a line, such as 192.0.2.7 or 2001:db8::/32; # begins a comment';

/** Characters of a wrong line that an error shows. */
const MOST_SHOWN = 80;

/** The bits before an IPv4 address that is written as an IPv6 address (RFC 4291). */
const MAPPED_BITS = 96;

/** Addresses that are compared with each other, which have one length. */
type Family = 'ipv4' | 'ipv6' | 'torv3' | 'i2p';

/** Addresses of one family from `first` to `last`, in hexadecimal, which sorts as the addresses do. */
interface AddressRange {
  readonly family: Family;
  readonly first: string;
  readonly last: string;
}

/**
 * A list of addresses and networks, such as a ban list. A look-up takes the logarithm of its length.
 */
export class AddressList {
  /** Ranges of each family that do not overlap, in order. */
  private readonly ranges = new Map<Family, AddressRange[]>();

  private constructor(ranges: readonly AddressRange[]) {
    for (const range of [...ranges].sort(byFirst)) {
      const list = this.ranges.get(range.family) ?? [];
      this.ranges.set(range.family, list);
      const before = list.at(-1);
      if (before === undefined || range.first > before.last) list.push(range);
      else if (range.last > before.last) list[list.length - 1] = { ...before, last: range.last };
    }
  }

  /**
   * Reads a list: an IP, a CIDR, or a name of Tor or I2P a line; the rest of a line after `#` is a comment.
   * @param name how errors name the list, such as `--exclude FILE`
   * @throws UsageError that names the first wrong line and says what would be right
   */
  static parse(text: string, name: string): AddressList {
    const ranges: AddressRange[] = [];
    for (const [i, line] of text
      .replace(/^\ufeff/, '')
      .split('\n')
      .entries()) {
      const entry = line.replace(/#.*/s, '').trim();
      if (entry === '') continue;
      const range = rangeOf(entry);
      if (range === null)
        throw new UsageError(
          `${name}: line ${i + 1}: ${JSON.stringify(entry.slice(0, MOST_SHOWN))}: ${RIGHT}`,
        );
      ranges.push(range);
    }
    return new AddressList(ranges);
  }

  /** Whether the list holds an address, itself or by a network. */
  has({ network, address }: RawAddress): boolean {
    const family = familyOf(network);
    const list = family === null ? undefined : this.ranges.get(family);
    if (list === undefined) return false;
    const text = address.toString('hex');
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle]?.first ?? '') <= text) low = middle + 1;
      else high = middle;
    }
    return text <= (list[low - 1]?.last ?? '');
  }
}

/**
 * Reads a list from a file that the user names.
 * @param name how errors name the file, such as `--exclude FILE`
 * @throws UsageError where it is no file or a line is wrong; FailureError where it can't be read
 */
export async function openAddressList(name: string, file: string): Promise<AddressList> {
  const { bytes } = await readNamedFile(file, {
    what: name,
    right: 'a file with one address or CIDR a line',
    maxBytes: MAX_BYTES,
  });
  return AddressList.parse(bytes.toString('utf8'), name);
}

function byFirst(one: AddressRange, other: AddressRange): number {
  return one.first < other.first ? -1 : one.first > other.first ? 1 : 0;
}

/** CJDNS has addresses of IPv6. */
function familyOf(network: AddressNetwork): Family | null {
  switch (network) {
    case 'ipv4':
    case 'ipv6':
    case 'torv3':
    case 'i2p':
      return network;
    case 'cjdns':
      return 'ipv6';
    default:
      return null;
  }
}

/** The addresses of one line; null where it is no address and no CIDR. */
function rangeOf(text: string): AddressRange | null {
  const [, host = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const raw = parseHost(host.toLowerCase());
  const family = raw === null ? null : familyOf(raw.network);
  if (raw === null || family === null) return null;
  const { address } = raw;
  const whole = address.length * 8;
  if (prefix === undefined) return range(family, address, whole);
  const isKey = family === 'torv3' || family === 'i2p';
  const bits = Number(prefix) - (family === 'ipv4' && host.includes(':') ? MAPPED_BITS : 0);
  return isKey || bits < 0 || bits > whole ? null : range(family, address, bits);
}

/** The addresses that begin with the first `bits` bits of an address. */
function range(family: Family, address: Buffer, bits: number): AddressRange {
  const first = Buffer.from(address);
  const last = Buffer.from(address);
  for (let bit = bits; bit < address.length * 8; bit++) {
    const mask = 0x80 >> (bit & 7);
    first[bit >> 3] = (first[bit >> 3] ?? 0) & ~mask;
    last[bit >> 3] = (last[bit >> 3] ?? 0) | mask;
  }
  return { family, first: first.toString('hex'), last: last.toString('hex') };
}
