import type { Input } from '../wire/input';
import { isFinal } from '../wire/lock-time';
import { MAX_PUBKEYS_PER_MULTISIG } from '../wire/multisig';
import { isPushOnly } from '../wire/script';
import type { Transaction } from '../wire/transaction';
import type { NonStandardReason } from './reasons';
import type { PolicyContext } from './verdict';

/** Most weight that both policies relay. */
export const MAX_STANDARD_WEIGHT = 400_000;

/** Least size without witness that both policies relay. */
export const MIN_STRIPPED_BYTES = 65;

/** Enough for the signatures and the script of a 15-of-15 multisig behind a hash, with some to spare. */
const MAX_SIG_SCRIPT_BYTES = 1650;

/** Weight of a signature check outside a witness (BIP141). */
const SIGOP_COST = 4;

/**
 * The fault of an input, as far as its own bytes show it. Only the spent output shows whether it is standard
 * and what a script behind a hash contains.
 */
export function inputReason({ bytes, scriptStart, scriptEnd }: Input): NonStandardReason | undefined {
  if (scriptEnd - scriptStart > MAX_SIG_SCRIPT_BYTES) return 'scriptsig-size';
  return isPushOnly(bytes, scriptStart, scriptEnd) ? undefined : 'scriptsig-not-pushonly';
}

/**
 * Whether the lock time certainly keeps the transaction out of the next block; false if the context is
 * unknown.
 */
export function isNonFinal(transaction: Transaction, context: PolicyContext): boolean {
  const { nextHeight = Infinity, medianTime = Infinity } = context;
  return !isFinal(transaction, nextHeight, medianTime);
}

/**
 * A lower bound on the weight of a transaction's signature checks: those of its output scripts, counted by
 * script type. A multisig counts as the most keys that it can have, whatever its number of keys. The spent
 * outputs and witnesses, which are unknown here, can add more. Call it only if all signature scripts are
 * push-only, so that they contain no check, and all output scripts have a standard form.
 */
export function leastSigopCost(transaction: Transaction): number {
  let sigops = 0;
  for (const { type } of transaction.outputs) {
    if (type === 'pubkeyhash' || type === 'pubkey') sigops++;
    else if (type === 'multisig') sigops += MAX_PUBKEYS_PER_MULTISIG;
  }
  return sigops * SIGOP_COST;
}
