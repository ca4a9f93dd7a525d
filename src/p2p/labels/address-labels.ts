import type { AddressNetwork } from '../../wire/messages/network-address';
import type { RawAddress } from '../join/ip';

/** The most names: each is a bit of a number. */
export const MAX_LABELS = 30;

/** Addresses of the same network that have their first bits in common. */
export interface AddressRange {
  readonly network: AddressNetwork;
  readonly address: Buffer;
  readonly bits: number;
}

/** The ranges of one length: the bits of their labels by the address without its last bits. */
interface Length {
  readonly bits: number;
  readonly labels: Map<string, number>;
}

/**
 * Names for addresses, from lists of ranges. A look-up asks once for each length of prefix that a list has,
 * at most 129 times, however many ranges there are.
 */
export class AddressLabels {
  private readonly names: string[] = [];
  private readonly lengths = new Map<AddressNetwork, Length[]>();

  /** All names, in the order in which they were added. */
  get all(): readonly string[] {
    return this.names;
  }

  /** Gives the addresses of a range a label. There may be {@link MAX_LABELS} labels. */
  add(name: string, { network, address, bits }: AddressRange): void {
    const label = 1 << this.place(name);
    const lengths = this.lengths.get(network) ?? [];
    this.lengths.set(network, lengths);
    let length = lengths.find((each) => each.bits === bits);
    if (length === undefined) lengths.push((length = { bits, labels: new Map() }));
    const key = prefixOf(address, bits);
    length.labels.set(key, (length.labels.get(key) ?? 0) | label);
  }

  /** Notes a name that may have no ranges. */
  place(name: string): number {
    const known = this.names.indexOf(name);
    return known >= 0 ? known : this.names.push(name) - 1;
  }

  /** The labels of an address. */
  of({ network, address }: RawAddress): readonly string[] {
    let found = 0;
    for (const { bits, labels } of this.lengths.get(network) ?? [])
      found |= labels.get(prefixOf(address, bits)) ?? 0;
    return found === 0 ? [] : this.names.filter((_, place) => (found & (1 << place)) !== 0);
  }
}

/** The first bits of an address, the others 0, as a key. */
function prefixOf(address: Buffer, bits: number): string {
  const whole = bits >> 3;
  const prefix = address.toString('latin1', 0, whole);
  const rest = bits & 7;
  if (rest === 0) return prefix;
  return prefix + String.fromCharCode((address[whole] ?? 0) & (0xff << (8 - rest)));
}
