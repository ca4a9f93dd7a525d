import path from 'node:path';
import { FailureError } from '../lib/errors';
import { askDocument } from '../query/client';
import { type ListFormat, formatResult } from '../query/format';
import type { Query } from '../query/model';
import { openSource } from '../query/open-source';
import { type CommandIo, writeAll } from '../query/query-command';
import { type Result, allRows, inOneBatch, resultColumns } from '../query/result';
import type { Source } from '../query/source';
import { ifThere } from '../query/store-nodes';
import { MAX_NS, formatNs } from '../query/time';
import { ALERTS } from './alerts';
import { holding } from './holding';
import { type AlertsReport, reportOf, resultOf } from './report';
import type { RunAll } from './run-all';
import { AlertStates } from './states';
import { UsualLoads } from './usual-loads';

/** Path at which a running node answers about its alerts. */
export const ALERTS_PATH = '/alerts';

const MINUTE_NS = 60_000_000_000n;

/** Arguments of the command `alerts`. */
export interface AlertsCommandOptions {
  readonly format: ListFormat;
  /** Evaluates them at this time in Unix nanoseconds, instead of asking the node that runs. */
  readonly at: bigint | null;
  /** URL of the store. */
  readonly store: string;
}

/**
 * Runs the command `alerts`: asks the node that has the store open, or evaluates the alerts on a store that
 * nobody has open, and writes the state of each.
 * @returns whether an alert fires
 * @throws UsageError, FailureError
 */
export async function runAlertsCommand(options: AlertsCommandOptions, io: CommandIo): Promise<boolean> {
  const { format, at, store } = options;
  const told = at === null ? await askNode(store) : null;
  const report = told ?? (await evaluated(store, at, io));
  if (report.problem !== null)
    throw new FailureError(`the node can't evaluate its alerts: ${report.problem}`);
  await writeAll(io.stdout, formatResult(resultOf(report), format));
  return report.alerts.some(({ state }) => state === 'firing');
}

/** The alerts of a running node; null if no node runs, or if it has not evaluated them yet. */
async function askNode(url: string): Promise<AlertsReport | null> {
  const file = /^duckdb:(.+)$/i.exec(url)?.[1];
  const body = file === undefined ? null : await askDocument(path.resolve(file), ALERTS_PATH);
  // A node of an older version answers nothing.
  if (body === null || body === '') return null;
  const report = JSON.parse(body) as AlertsReport;
  return report.evaluatedMs === null && report.problem === null ? null : report;
}

async function evaluated(
  url: string,
  at: bigint | null,
  { stderr, env, nowNs }: CommandIo,
): Promise<AlertsReport> {
  const source = await openSource(url, env);
  try {
    const atNs = at ?? (await newestOf(source)) ?? nowNs;
    if (at === null) stderr.write(`evaluated at ${formatNs(atNs)}, the time of the newest point\n`);
    return await evaluateAt(runAllOf(source), atNs);
  } finally {
    await source.close();
  }
}

/** Evaluates the alerts in the last minutes too, as alerts only fire if their conditions hold for some. */
async function evaluateAt(runAll: RunAll, atNs: bigint): Promise<AlertsReport> {
  const states = new AlertStates();
  const usual = new UsualLoads();
  const minutes = Math.max(...ALERTS.map(({ forMinutes }) => forMinutes));
  for (let ago = minutes; ago >= 0; ago--) {
    const then = atNs - BigInt(ago) * MINUTE_NS;
    states.update(await holding(ALERTS, then, runAll, usual), Number(then / 1_000_000n));
  }
  return reportOf(ALERTS, states.active, { evaluatedMs: Number(atNs / 1_000_000n) });
}

/** An older store may lack a series, which then counts as one without points. */
function runAllOf(source: Source): RunAll {
  return async function* (queries: readonly Query[]): AsyncGenerator<Result> {
    for (const query of queries)
      yield (
        (await ifThere(() => source.run(query))) ?? {
          columns: resultColumns(query),
          rows: inOneBatch([]),
        }
      );
  };
}

/** Time of the newest point of a process about itself. */
async function newestOf(source: Source): Promise<bigint | null> {
  const result = await source.run({
    ...{ series: 'btcdmon', where: null, agg: null, by: [], since: 0n, until: MAX_NS },
    ...{ everyNs: null, limit: 1 },
  });
  const [[time] = []] = await allRows(result);
  return typeof time === 'bigint' ? time : null;
}
