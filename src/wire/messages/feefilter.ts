import { ByteReader } from '../byte-reader';

/**
 * Decodes `feefilter` (BIP133; Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgfeefilter.go`): the fee
 * rate in sat/kvB below which the peer wants no transactions announced. Any signed number of 64 bits is read;
 * Core ignores values below 0 or above all the money.
 */
export function decodeFeeFilter(payload: Buffer): bigint {
  return new ByteReader(payload).i64();
}
