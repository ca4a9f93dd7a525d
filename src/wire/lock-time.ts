import type { Transaction } from './transaction';

/**
 * A lock time below this is a height, otherwise a Unix time (Core `src/script/script.h` LOCKTIME_THRESHOLD).
 */
const LOCK_TIME_THRESHOLD = 500_000_000;

const FINAL_SEQUENCE = 0xffff_ffff;

/**
 * Whether a transaction is final, so that a block of this height and time may contain it (Core
 * `src/consensus/tx_verify.cpp` IsFinalTx).
 */
export function isFinal({ lockTime, inputs }: Transaction, height: number, time: number): boolean {
  if (lockTime < (lockTime < LOCK_TIME_THRESHOLD ? height : time)) return true;
  return inputs.every(({ sequence }) => sequence === FINAL_SEQUENCE);
}
