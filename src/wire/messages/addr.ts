import { compactSize } from '../compact-size';
import { ByteReader } from '../byte-reader';
import { fromLegacyAddress, MAX_ADDRESSES, type NetworkAddress, toLegacyAddress } from './network-address';

/** Length of an entry: time 4, services 8, address 16, port 2. */
const ENTRY_BYTES = 30;

/**
 * Decodes `addr` (Core 31 `src/protocol.h` CAddress, btcd v0.26 `wire/msgaddr.go`). Entries without a time,
 * which peers below version 31402 sent, are not supported: such peers have no `headers` message and do not
 * pass the handshake.
 */
export function decodeAddr(payload: Buffer): readonly NetworkAddress[] {
  const reader = new ByteReader(payload);
  return Array.from({ length: reader.count(ENTRY_BYTES, MAX_ADDRESSES) }, () => {
    const time = reader.u32();
    const services = reader.u64();
    return { time, services, ...fromLegacyAddress(reader.bytes(16)), port: reader.u16be() };
  });
}

/** The payload of `addr`. Addresses of networks that `addr` has no form for are left out. */
export function encodeAddr(addresses: readonly NetworkAddress[]): Buffer {
  const entries = addresses.flatMap((entry) => {
    const address = toLegacyAddress(entry);
    if (address === null) return [];
    const bytes = Buffer.alloc(ENTRY_BYTES);
    bytes.writeUInt32LE(entry.time, 0);
    bytes.writeBigUInt64LE(entry.services, 4);
    address.copy(bytes, 12);
    bytes.writeUInt16BE(entry.port, 28);
    return [bytes];
  });
  return Buffer.concat([compactSize(entries.length), ...entries]);
}
