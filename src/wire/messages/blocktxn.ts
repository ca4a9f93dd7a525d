import { LEAST_TRANSACTION_BYTES, readTransaction, type Transaction } from '../transaction';
import { ByteReader } from '../byte-reader';

/** The transactions that a `getblocktxn` asked for (BIP152). */
export interface BlockTxnMessage {
  /** The block's hash as it is on the wire, one character a byte. */
  readonly blockHash: string;
  /** In the order in which they were asked for. */
  readonly transactions: readonly Transaction[];
}

/** As many as a `getblocktxn` can ask for. */
const MAX_TRANSACTIONS = 0x1_0000;

/** Decodes `blocktxn` (BIP152; Core 31 `src/blockencodings.h` BlockTransactions). */
export function decodeBlockTxn(payload: Buffer): BlockTxnMessage {
  const reader = new ByteReader(payload);
  const blockHash = reader.hash();
  const count = reader.count(LEAST_TRANSACTION_BYTES, MAX_TRANSACTIONS);
  return { blockHash, transactions: Array.from({ length: count }, () => readTransaction(reader)) };
}
