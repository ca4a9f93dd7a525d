import { type Header, HEADER_BYTES, parseHeader } from '../header';
import { LEAST_TRANSACTION_BYTES, readTransaction, type Transaction } from '../transaction';
import { ByteReader } from '../byte-reader';
import { DecodeError } from '../decode-error';

/** A transaction that is sent in full, with its index in the block; the coinbase has index 0. */
interface PrefilledTransaction {
  readonly index: number;
  readonly transaction: Transaction;
}

/** A block most of whose transactions are short ids (BIP152). */
export interface CmpctBlockMessage {
  readonly header: Header;
  /** Part of the key of the short ids. */
  readonly nonce: bigint;
  /** Short ids, of 48 bits, of the transactions that are not prefilled, in the order of the block. */
  readonly shortIds: readonly number[];
  readonly prefilled: readonly PrefilledTransaction[];
}

/** Indexes have 16 bits: Core 31 (`src/blockencodings.h`) refuses a block of more transactions. */
const MAX_TRANSACTIONS = 0xffff;

const SHORT_ID_BYTES = 6;

/**
 * Decodes `cmpctblock` (BIP152; Core 31 `src/blockencodings.h` CBlockHeaderAndShortTxIDs). Like Core
 * (`src/blockencodings.cpp` InitData) it refuses a block without transactions, and a prefilled transaction
 * beyond the end of the block.
 */
export function decodeCmpctBlock(payload: Buffer): CmpctBlockMessage {
  const reader = new ByteReader(payload);
  const header = parseHeader(reader.bytes(HEADER_BYTES));
  const nonce = reader.u64();
  const shortIds = Array.from({ length: reader.count(SHORT_ID_BYTES, MAX_TRANSACTIONS) }, () => reader.u48());
  const count = reader.count(LEAST_TRANSACTION_BYTES + 1, MAX_TRANSACTIONS - shortIds.length);
  if (shortIds.length + count === 0)
    throw new DecodeError('invalid-field', reader.position, 'block without transactions');

  const prefilled: PrefilledTransaction[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    // An index is sent as its distance from the one before. Only short ids are in between.
    const { position } = reader;
    const index = next + reader.compactSize(MAX_TRANSACTIONS);
    if (index > shortIds.length + i)
      throw new DecodeError('invalid-field', position, `prefilled index ${index} beyond the block`);
    prefilled.push({ index, transaction: readTransaction(reader) });
    next = index + 1;
  }
  return { header, nonce, shortIds, prefilled };
}
