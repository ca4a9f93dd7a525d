import { FailureError } from '../errors';
import type { Account } from './audit';

/**
 * What an audit found, for a person: a line for each difference, then the sum.
 * @throws FailureError where the store has no accounts, and, when all lines were written, where there is a difference
 */
export function reportAudit(accounts: readonly Account[], write: (line: string) => void): void {
  if (accounts.length === 0)
    throw new FailureError(
      'audit: no node has accounted for itself in that time (series btcdmon); try a longer --since',
    );
  let emitted = 0;
  let differences = 0;
  for (const account of accounts) {
    emitted += account.emitted;
    if (account.emitted === account.stored) continue;
    differences += 1;
    write(`${describe(account)}\n`);
  }
  const runs = new Set(accounts.map(({ node, network, started }) => [node, network, started].join('\0')))
    .size;
  const sum = `${emitted} points of ${runs === 1 ? 'one run' : `${runs} runs`}`;
  if (differences > 0) throw new FailureError(`audit: of ${sum}, the store differs in ${differences} series`);
  write(`${sum}: the store holds every one\n`);
}

function describe({ node, network, series, started, emitted, stored }: Account): string {
  const difference =
    stored < emitted ? `${emitted - stored} missing` : `${stored - emitted} more than were emitted`;
  const run = `${node} ${network}, run of ${new Date(started).toISOString()}`;
  return `${series}: ${difference} (emitted ${emitted}, stored ${stored}; ${run})`;
}
