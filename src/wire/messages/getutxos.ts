import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** A request that asks which outputs are unspent (BIP64). */
export interface GetUtxosMessage {
  /** Whether the mempool is considered as well. */
  readonly checkMempool: boolean;
  readonly outpoints: readonly { readonly hash: Hash; readonly index: number }[];
}

const OUTPOINT_BYTES = 36;

/** Decodes `getutxos` (BIP64; only Bitcoin XT answered it). */
export function decodeGetUtxos(payload: Buffer): GetUtxosMessage {
  const reader = new ByteReader(payload);
  const checkMempool = reader.u8() !== 0;
  const count = reader.count(OUTPOINT_BYTES);
  return {
    checkMempool,
    outpoints: Array.from({ length: count }, () => ({ hash: reader.hash(), index: reader.u32() })),
  };
}
