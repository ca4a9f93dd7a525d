import { ByteReader } from '../byte-reader';

/** A question which outputs are unspent (BIP64). */
export interface GetUtxosMessage {
  /** Whether the mempool counts, too. */
  readonly checkMempool: boolean;
  readonly outpoints: readonly { readonly hash: string; readonly index: number }[];
}

const OUTPOINT_BYTES = 36;

/**
 * Decodes `getutxos` (BIP64; Bitcoin XT alone answered it). Hashes are as on the wire, one character a byte.
 */
export function decodeGetUtxos(payload: Buffer): GetUtxosMessage {
  const reader = new ByteReader(payload);
  const checkMempool = reader.u8() !== 0;
  const count = reader.count(OUTPOINT_BYTES);
  return {
    checkMempool,
    outpoints: Array.from({ length: count }, () => ({ hash: reader.hash(), index: reader.u32() })),
  };
}
