import { compactSize } from '../compact-size';
import { ByteReader } from '../byte-reader';
import { DecodeError } from '../decode-error';
import { type AddressNetwork, isPlainIPv6, MAX_ADDRESSES, type NetworkAddress } from './network-address';

interface KnownNetwork {
  readonly name: AddressNetwork;
  /** Length of its addresses in bytes. */
  readonly length: number;
  /** Whether Core knows the network. Then an address of another length makes the message malformed. */
  readonly isStrict: boolean;
  /** Whether an address with this length can belong to this network. */
  readonly isValid: (address: Buffer) => boolean;
}

const any = (): boolean => true;

/** The network ids that BIP155 reserves. */
const NETWORKS: ReadonlyMap<number, KnownNetwork> = new Map<number, KnownNetwork>([
  [1, { name: 'ipv4', length: 4, isStrict: true, isValid: any }],
  [2, { name: 'ipv6', length: 16, isStrict: true, isValid: isPlainIPv6 }],
  [3, { name: 'torv2', length: 10, isStrict: false, isValid: any }],
  [4, { name: 'torv3', length: 32, isStrict: true, isValid: any }],
  [5, { name: 'i2p', length: 32, isStrict: true, isValid: any }],
  [6, { name: 'cjdns', length: 16, isStrict: true, isValid: (address) => address[0] === 0xfc }],
  [
    7,
    {
      name: 'yggdrasil',
      length: 16,
      isStrict: false,
      isValid: (address) => address[0] === 2 || address[0] === 3,
    },
  ],
]);

/** BIP155; Core 31 `src/netaddress.h` MAX_ADDRV2_SIZE. */
const MAX_ADDRESS_BYTES = 512;

/** The shortest entry: time 4, services 1, network 1, length 1, port 2. */
const LEAST_ENTRY_BYTES = 9;

/**
 * Decodes `addrv2` (BIP155; Core 31 `src/netaddress.h` CNetAddr::UnserializeV2Stream, btcd v0.26
 * `wire/msgaddrv2.go`). Entries of unknown networks are kept as `unknown`. An address with a wrong length
 * makes the whole message malformed, as BIP155 says, if Core knows its network; otherwise it is kept as
 * `unknown`.
 */
export function decodeAddrV2(payload: Buffer): readonly NetworkAddress[] {
  const reader = new ByteReader(payload);
  return Array.from({ length: reader.count(LEAST_ENTRY_BYTES, MAX_ADDRESSES) }, () => {
    const time = reader.u32();
    const services = reader.compactSize64();
    const id = reader.u8();
    const { position } = reader;
    const address = reader.sizedBytes(MAX_ADDRESS_BYTES);
    return { time, services, network: networkOf(id, address, position), address, port: reader.u16be() };
  });
}

/** The network of an address; the field with its length begins at `offset`. */
function networkOf(id: number, address: Buffer, offset: number): AddressNetwork {
  const known = NETWORKS.get(id);
  if (known === undefined) return 'unknown';
  if (address.length !== known.length) {
    if (known.isStrict)
      throw new DecodeError('invalid-field', offset, `${known.name} address of ${address.length} bytes`);
    return 'unknown';
  }
  return known.isValid(address) ? known.name : 'unknown';
}

const IDS = new Map([...NETWORKS].map(([id, { name }]) => [name, id]));

/** The payload of `addrv2`. Addresses of networks that BIP155 does not name are left out. */
export function encodeAddrV2(addresses: readonly NetworkAddress[]): Buffer {
  const entries = addresses.flatMap((entry) => {
    const id = IDS.get(entry.network);
    if (id === undefined) return [];
    const time = Buffer.alloc(4);
    time.writeUInt32LE(entry.time);
    const port = Buffer.alloc(2);
    port.writeUInt16BE(entry.port);
    const address = [Buffer.of(id), compactSize(entry.address.length), entry.address];
    return [Buffer.concat([time, compactSize(entry.services), ...address, port])];
  });
  return Buffer.concat([compactSize(entries.length), ...entries]);
}
