import type { Input } from '../wire/input';
import { isPushOnly } from '../wire/script';
import type { Transaction } from '../wire/transaction';
import type { NonStandardReason } from './reasons';
import type { PolicyContext } from './verdict';

/** Most weight that both policies relay. */
export const MAX_STANDARD_WEIGHT = 400_000;

/** Least size without witness that both policies relay. */
export const MIN_STRIPPED_BYTES = 65;

/** Room for the signatures and the script of a 15-of-15 multisig behind a hash, with some to spare. */
const MAX_SIG_SCRIPT_BYTES = 1650;

/** Lock times below are heights, from here on Unix times. */
const LOCK_TIME_THRESHOLD = 500_000_000;

const FINAL_SEQUENCE = 0xffff_ffff;

/** Weight of a signature check outside a witness (BIP141). */
const SIGOP_COST = 4;

/** Legacy signature checks that OP_CHECKMULTISIG counts as, however few keys it has. */
const MULTISIG_SIGOPS = 20;

/**
 * The fault of an input as far as its own bytes show it. Whether what it spends is standard, and what a script behind a hash
 * holds, is known only with the spent output.
 */
export function inputReason({ bytes, scriptStart, scriptEnd }: Input): NonStandardReason | undefined {
  if (scriptEnd - scriptStart > MAX_SIG_SCRIPT_BYTES) return 'scriptsig-size';
  return isPushOnly(bytes, scriptStart, scriptEnd) ? undefined : 'scriptsig-not-pushonly';
}

/** Whether the lock time surely keeps the transaction out of the next block; false where the context is not known. */
export function isNonFinal(transaction: Transaction, context: PolicyContext): boolean {
  const { lockTime } = transaction;
  if (lockTime === 0) return false;
  const reached = lockTime < LOCK_TIME_THRESHOLD ? context.nextHeight : context.medianTime;
  if (reached === undefined || lockTime < reached) return false;
  return transaction.inputs.some((input) => input.sequence !== FINAL_SEQUENCE);
}

/**
 * The least that the signature checks of a transaction weigh: those of its output scripts, told by their forms. Inputs add what
 * the spent outputs and witnesses hold, which is not known here. To be asked once the signature scripts are known to push
 * alone, which leaves no check in them, and the output scripts to have a standard form.
 */
export function leastSigopCost(transaction: Transaction): number {
  let sigops = 0;
  for (const { type } of transaction.outputs) {
    if (type === 'pubkeyhash' || type === 'pubkey') sigops++;
    else if (type === 'multisig') sigops += MULTISIG_SIGOPS;
  }
  return sigops * SIGOP_COST;
}
