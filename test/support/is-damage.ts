/**
 * Whether a line of a child of the tests warns of damage. A kill within a commit leaves a transaction that
 * was not committed, which is said and is no damage.
 */
export function isDamage(line: string): boolean {
  return line.startsWith('warning') && !line.endsWith('it was not committed');
}
