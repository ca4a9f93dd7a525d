import { PayloadReader } from '../reader';

/** How a peer wants compact blocks (BIP152). */
export interface SendCmpctMessage {
  /** Whether it wants them unasked, in high-bandwidth mode. */
  readonly highBandwidth: boolean;
  /** The encoding it speaks; 2 is the one with witnesses, and the only one of today's nodes. */
  readonly version: bigint;
}

/** Decodes `sendcmpct` (BIP152; Core 31 `src/net_processing.cpp`). Like Core it takes every byte but 0 for true. */
export function decodeSendCmpct(payload: Buffer): SendCmpctMessage {
  const reader = new PayloadReader(payload);
  return { highBandwidth: reader.u8() !== 0, version: reader.u64() };
}
