import { FailureError } from '../lib/errors';
import type { Account } from './audit';
import { type Period, formatNs } from './time';

/**
 * Writes the result of an audit for a person: a line for each difference, a line for each run with the period
 * that it accounts for, then the total.
 * @throws FailureError if the store has no accounts; also, after all lines, if there is a difference
 */
export function reportAudit(accounts: readonly Account[], write: (line: string) => void): void {
  if (accounts.length === 0)
    throw new FailureError(
      'audit: no node has accounted for itself in that period (series btcdmon); try a longer --since',
    );
  const different = accounts.filter(({ emitted, stored }) => emitted !== stored);
  for (const account of different) write(`${describe(account)}\n`);
  const runs = groupByRun(accounts);
  for (const [run, { since, until, stepsBack }] of runs) {
    const set =
      stepsBack === 0 ? '' : `; its clock was set back ${stepsBack === 1 ? 'once' : `${stepsBack} times`}`;
    write(`${run}: accounted for from ${formatNs(since)} to ${formatNs(until)}${set}\n`);
  }
  const emitted = accounts.reduce((sum, account) => sum + (account.emitted ?? 0), 0);
  const sum = `${emitted} points of ${runs.size === 1 ? 'one run' : `${runs.size} runs`}`;
  if (different.length > 0)
    throw new FailureError(`audit: of ${sum}, the store differs in ${different.length} series`);
  write(`${sum}: the store holds every one\n`);
}

function describe(account: Account): string {
  const { node, network, series, started, emitted, stored, firstIn } = account;
  const runs = started.map((ms) => new Date(ms).toISOString());
  const run = runs.length === 1 ? `run of ${runs.join()}` : `runs of ${runs.join(' and ')}, which overlap`;
  const where = `${node} ${network}, ${run}`;
  if (emitted === null)
    return `${series}: the run’s own accounts of it are missing (stored ${stored}; ${where})`;
  const difference =
    stored < emitted ? `${emitted - stored} missing` : `${stored - emitted} more than were emitted`;
  const first =
    firstIn === undefined ? '' : `; first between ${formatNs(firstIn.since)} and ${formatNs(firstIn.until)}`;
  return `${series}: ${difference} (emitted ${emitted}, stored ${stored}; ${where}${first})`;
}

type RunPeriod = Period & Pick<Account, 'stepsBack'>;

/** The period that each run accounts for, over all series, by the name of the run. */
function groupByRun(accounts: readonly Account[]): ReadonlyMap<string, RunPeriod> {
  const runs = new Map<string, RunPeriod>();
  for (const { node, network, started, period, stepsBack } of accounts)
    for (const ms of started) {
      const run = `${node} ${network}, run of ${new Date(ms).toISOString()}`;
      const { since, until, stepsBack: before } = runs.get(run) ?? { ...period, stepsBack };
      runs.set(run, {
        since: period.since < since ? period.since : since,
        until: period.until > until ? period.until : until,
        stepsBack: Math.max(before, stepsBack),
      });
    }
  return runs;
}
