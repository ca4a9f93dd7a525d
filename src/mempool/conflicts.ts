import type { Input } from '../wire/input';
import type { Transaction } from '../wire/transaction';
import type { Entries } from './entries';
import { NONE } from '../lib/record-table';
import type { Spends } from './spends';

/** An entry that spends the same output as an input of another transaction. */
export interface ConflictingEntry {
  readonly input: Input;
  readonly slot: number;
}

/**
 * The rivals of a transaction that has no entry, in the order of its inputs. An entry appears once for each
 * shared input.
 */
export function conflictsOf({ inputs }: Transaction, spends: Spends): ConflictingEntry[] {
  const rivals: ConflictingEntry[] = [];
  for (const input of inputs) {
    const slot = spends.spenderOf(input);
    if (slot !== NONE) rivals.push({ input, slot });
  }
  return rivals;
}

/**
 * Whether a relayed transaction replaces its rivals. It does not if a block contains one of them, or if all
 * fees are known and it pays no more than all of them together (BIP125, rules 3 and 4).
 */
export function replaces(
  fee: number | undefined,
  rivals: readonly ConflictingEntry[],
  entries: Entries,
): boolean {
  if (rivals.length === 0) return true;
  let paid: number | undefined = 0;
  for (const slot of new Set(rivals.map((rival) => rival.slot))) {
    if (entries.isMined(slot)) return false;
    const other = entries.fee(slot);
    paid = paid === undefined || other === undefined ? undefined : paid + other;
  }
  return fee === undefined || paid === undefined || fee > paid;
}
