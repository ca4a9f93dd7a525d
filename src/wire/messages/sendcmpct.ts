import { ByteReader } from '../byte-reader';

/** How a peer wants compact blocks (BIP152). */
export interface SendCmpctMessage {
  /** Whether the peer wants them without a request, in high-bandwidth mode. */
  readonly highBandwidth: boolean;
  /** Version of the encoding. 2 is the one with witnesses, the only one that today's nodes use. */
  readonly version: bigint;
}

/**
 * Decodes `sendcmpct` (BIP152; Core 31 `src/net_processing.cpp`). Like Core it reads every byte except 0 as
 * true.
 */
export function decodeSendCmpct(payload: Buffer): SendCmpctMessage {
  const reader = new ByteReader(payload);
  return { highBandwidth: reader.u8() !== 0, version: reader.u64() };
}

/** The payload of `sendcmpct`. */
export function encodeSendCmpct({ highBandwidth, version }: SendCmpctMessage): Buffer {
  const payload = Buffer.alloc(9);
  payload.writeUInt8(Number(highBandwidth), 0);
  payload.writeBigUInt64LE(version, 1);
  return payload;
}
