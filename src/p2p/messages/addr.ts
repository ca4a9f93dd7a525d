import { PayloadReader } from '../reader';
import { fromLegacyAddress, MAX_ADDRESSES, type NetworkAddress } from './network-address';

/** Time 4, services 8, address 16, port 2. */
const ENTRY_BYTES = 30;

/**
 * Decodes `addr` (Core 31 `src/protocol.h` CAddress, btcd v0.26 `wire/msgaddr.go`). Entries without a time, which peers
 * below version 31402 sent, are not read: no such peer has a `headers` message, and none passes the handshake.
 */
export function decodeAddr(payload: Buffer): readonly NetworkAddress[] {
  const reader = new PayloadReader(payload);
  return Array.from({ length: reader.count(MAX_ADDRESSES, ENTRY_BYTES) }, () => {
    const time = reader.u32();
    const services = reader.u64();
    return { time, services, ...fromLegacyAddress(reader.bytes(16)), port: reader.u16be() };
  });
}
