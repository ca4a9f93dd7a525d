import { compactSize } from '../compact-size';
import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';
import { DecodeError } from '../decode-error';

/** The transactions of a compact block that a peer lacks (BIP152). */
export interface GetBlockTxnMessage {
  readonly blockHash: Hash;
  /** Indexes in the block, ascending. */
  readonly indexes: readonly number[];
}

/** Indexes have 16 bits (Core 31 `src/blockencodings.h` DifferenceFormatter). */
const MAX_INDEX = 0xffff;

/** Decodes `getblocktxn` (BIP152; Core 31 `src/blockencodings.h` BlockTransactionsRequest). */
export function decodeGetBlockTxn(payload: Buffer): GetBlockTxnMessage {
  const reader = new ByteReader(payload);
  const blockHash = reader.hash();
  let next = 0;
  const indexes = Array.from({ length: reader.count(1, MAX_INDEX + 1) }, () => {
    const { position } = reader;
    const index = next + reader.compactSize(MAX_INDEX);
    if (index > MAX_INDEX)
      throw new DecodeError('invalid-field', position, `index ${index} above ${MAX_INDEX}`);
    next = index + 1;
    return index;
  });
  return { blockHash, indexes };
}

/** The payload of `getblocktxn`. */
export function encodeGetBlockTxn({ blockHash, indexes }: GetBlockTxnMessage): Buffer {
  // An index is sent as its distance from the one before.
  const distances = indexes.map((index, i) => compactSize(index - (indexes[i - 1] ?? -1) - 1));
  return Buffer.concat([Buffer.from(blockHash, 'latin1'), compactSize(indexes.length), ...distances]);
}
