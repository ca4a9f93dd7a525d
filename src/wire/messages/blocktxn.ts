import { LEAST_TRANSACTION_BYTES, readTransaction, type Transaction } from '../transaction';
import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** The transactions that a `getblocktxn` asked for (BIP152). */
export interface BlockTxnMessage {
  readonly blockHash: Hash;
  /** In the order of the request. */
  readonly transactions: readonly Transaction[];
}

/** A `getblocktxn` cannot ask for more. */
const MAX_TRANSACTIONS = 0x1_0000;

/** Decodes `blocktxn` (BIP152; Core 31 `src/blockencodings.h` BlockTransactions). */
export function decodeBlockTxn(payload: Buffer): BlockTxnMessage {
  const reader = new ByteReader(payload);
  const blockHash = reader.hash();
  const count = reader.count(LEAST_TRANSACTION_BYTES, MAX_TRANSACTIONS);
  return { blockHash, transactions: Array.from({ length: count }, () => readTransaction(reader)) };
}
