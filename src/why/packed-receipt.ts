import { NON_STANDARD_REASONS } from '../policy/reasons';
import { type Hash, readHash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import { packMeasures, unpackMeasures } from './packed-measures';
import { PackedNumbers, packNumber } from './packed-numbers';
import type { ReceivedFact } from './transaction-facts';

const HASH_BYTES = 32;

/** The most that a receipt takes: a hash, and 30 packed numbers of at most 8 bytes. */
export const MOST_RECEIPT_BYTES = 1 + HASH_BYTES + 30 * 8;

/** Added to the reason, with which a receipt begins, where the wtxid follows, as that is not the txid. */
const HAS_WTXID = 0x80;

/** Microseconds of a millisecond. */
const US = 1_000;

/** What a receipt tells beside its ids, its time and its sender. */
type Receipt = Omit<ReceivedFact, 'kind' | 'timeMs' | 'txid' | 'wtxid' | 'connection'>;

/**
 * Writes what was known of a transaction when it came, as packed numbers.
 * @returns how many bytes it takes
 */
export function packReceipt(
  { wireTxid, wireWtxid, size, weight, version, inputs, outputs }: Transaction,
  told: Pick<Receipt, 'fee' | 'checkedAfterMs' | 'reason' | 'measures'>,
  bytes: Buffer,
): number {
  const { fee, checkedAfterMs, reason, measures } = told;
  const hasOther = wireWtxid !== wireTxid;
  bytes[0] = (reason === null ? 0 : NON_STANDARD_REASONS.indexOf(reason) + 1) + (hasOther ? HAS_WTXID : 0);
  let end = 1;
  if (hasOther) end += bytes.write(wireWtxid, end, 'latin1');
  const value = outputs.reduce((sum, output) => sum + output.value, 0);
  // 0 says that a fee or a time is not known.
  end = packNumber(bytes, end, fee === null ? 0 : fee + 1);
  end = packNumber(
    bytes,
    end,
    checkedAfterMs === null ? 0 : Math.round(Math.max(0, checkedAfterMs) * US) + 1,
  );
  for (const number of [size, weight, version >>> 0, inputs.length, outputs.length, value])
    end = packNumber(bytes, end, number);
  return packMeasures(measures, bytes, end);
}

/** Reads a receipt from an offset on; a null wtxid is the txid. */
export function readReceipt(bytes: Buffer, at: number): Receipt & { readonly wtxid: Hash | null } {
  const wtxid = receiptWtxidAt(bytes, at);
  const numbers = numbersAt(bytes, at);
  const fee = lessOne(numbers.next());
  const checkedUs = lessOne(numbers.next());
  const [size, weight, version] = [numbers.next(), numbers.next(), numbers.next() | 0];
  const sizes = { size, weight, version, vsize: Math.ceil(weight / 4) };
  return {
    wtxid: wtxid === null ? null : readHash(bytes, wtxid),
    ...sizes,
    numInputs: numbers.next(),
    numOutputs: numbers.next(),
    value: numbers.next(),
    fee,
    checkedAfterMs: checkedUs === null ? null : checkedUs / US,
    reason: NON_STANDARD_REASONS[reasonAt(bytes, at) - 1] ?? null,
    measures: unpackMeasures(sizes, numbers),
  };
}

/** The little of a receipt that is read of many of them. */
export function readVerdict(
  bytes: Buffer,
  at: number,
): { readonly fee: number | null; readonly isStandard: boolean } {
  return { fee: lessOne(numbersAt(bytes, at).next()), isStandard: reasonAt(bytes, at) === 0 };
}

/** Where the wtxid stands; null where it is the txid. */
export function receiptWtxidAt(bytes: Buffer, at: number): number | null {
  return ((bytes[at] ?? 0) & HAS_WTXID) === 0 ? null : at + 1;
}

function numbersAt(bytes: Buffer, at: number): PackedNumbers {
  return new PackedNumbers(bytes, at + 1 + (receiptWtxidAt(bytes, at) === null ? 0 : HASH_BYTES));
}

/** 0 for a standard transaction, or the place of the reason in its list, from 1. */
function reasonAt(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) & ~HAS_WTXID;
}

function lessOne(value: number): number | null {
  return value === 0 ? null : value - 1;
}
