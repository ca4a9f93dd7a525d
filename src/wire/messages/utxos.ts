import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** An unspent output (BIP64). */
interface Utxo {
  /** Version of the transaction that created it. */
  readonly version: number;
  /** Height of its block; 0x7fffffff where it is in the mempool. */
  readonly height: number;
  /** In satoshi. */
  readonly value: bigint;
  /** A view of the payload. */
  readonly script: Buffer;
}

/** The answer to a `getutxos` (BIP64). */
export interface UtxosMessage {
  readonly height: number;
  /** Hash of the chain's tip. */
  readonly tip: Hash;
  /** A bit for each requested output: whether it is unspent. A view of the payload. */
  readonly hits: Buffer;
  readonly utxos: readonly Utxo[];
}

/** The shortest entry: version 4, height 4, value 8, length of an empty script 1. */
const LEAST_UTXO_BYTES = 17;

/** Decodes `utxos` (BIP64; only Bitcoin XT sent it). */
export function decodeUtxos(payload: Buffer): UtxosMessage {
  const reader = new ByteReader(payload);
  const height = reader.u32();
  const tip = reader.hash();
  const hits = reader.sizedBytes();
  const utxos = Array.from({ length: reader.count(LEAST_UTXO_BYTES) }, () => ({
    version: reader.u32(),
    height: reader.u32(),
    value: reader.i64(),
    script: reader.sizedBytes(),
  }));
  return { height, tip, hits, utxos };
}
