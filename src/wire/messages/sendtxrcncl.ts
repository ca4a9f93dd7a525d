import { ByteReader } from '../byte-reader';

/** An offer to reconcile announcements of transactions (BIP330). */
export interface SendTxRcnclMessage {
  readonly version: number;
  /** The peer's part of the key of the short ids of transactions. */
  readonly salt: bigint;
}

/** Decodes `sendtxrcncl` (BIP330; Core 31 `src/net_processing.cpp`, `src/node/txreconciliation.h`). */
export function decodeSendTxRcncl(payload: Buffer): SendTxRcnclMessage {
  const reader = new ByteReader(payload);
  return { version: reader.u32(), salt: reader.u64() };
}
