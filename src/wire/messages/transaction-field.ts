import { ByteReader } from '../byte-reader';
import { ParseError } from '../parse-error';
import { readTransaction, type Transaction } from '../transaction';
import { DecodeError, type PayloadReader } from '../reader';

/** Version 4, no inputs 1, no outputs 1, lock time 4. */
export const LEAST_TRANSACTION_BYTES = 10;

/** Reads the transaction that `reader` is at, in either serialization (BIP144); it holds a view of the payload. */
export function readTransactionField(reader: PayloadReader): Transaction {
  try {
    const transaction = readTransaction(new ByteReader(reader.rest()));
    reader.bytes(transaction.end);
    return transaction;
  } catch (error) {
    if (error instanceof ParseError) throw new DecodeError(`transaction: ${error.message}`);
    throw error;
  }
}
