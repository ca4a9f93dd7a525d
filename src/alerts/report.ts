import type { Result } from '../query/result';
import { inOneBatch } from '../query/result';
import type { Alert, AlertName, Severity } from './alert';
import type { Labels } from './holding';
import { runbookUrl } from './runbook';
import type { ActiveAlert, AlertChange } from './states';

/** The state of an alert, or of its group where it waits or fires. */
interface AlertRow {
  readonly name: AlertName;
  /** As in links: `no-block`. */
  readonly slug: string;
  readonly title: string;
  readonly severity: Severity;
  /** `pending`: its condition holds, but not for long enough yet. */
  readonly state: 'ok' | 'pending' | 'firing';
  /** What it is about; empty if it is ok. */
  readonly labels: Labels;
  /** Since when its condition has held, in Unix milliseconds. */
  readonly sinceMs: number | null;
  readonly firingMs: number | null;
  /** Why, with the measured values; null if it is ok. */
  readonly reason: string | null;
  /** Whether its receivers are not told (`--silence`). */
  readonly isSilenced: boolean;
  readonly meaning: string;
  /** What to do, in this order. */
  readonly steps: readonly string[];
  /** The panel to look at. */
  readonly panel: string;
  /** The URL of its runbook. */
  readonly runbook: string;
}

/** The state of all alerts. */
export interface AlertsReport {
  /** Time of the last evaluation in Unix milliseconds; null before the first. */
  readonly evaluatedMs: number | null;
  /** Why they can't be evaluated now; null if they can. */
  readonly problem: string | null;
  /** At least one row for each alert: firing ones first, then pending ones. */
  readonly alerts: readonly AlertRow[];
}

/** What others see of the alerts of a running process. */
export interface AlertFeed {
  report(): AlertsReport;
  /** Calls `listener` after each evaluation with what it changed, until the returned function is called. */
  subscribe(listener: (changes: readonly AlertChange[]) => void): () => void;
  /** Whether the process does what it is for, and if not, why; without names of nodes or places. */
  health(): { readonly ready: boolean; readonly reasons: readonly string[] };
}

const ORDER = ['firing', 'pending', 'ok'] as const;

/** The report on all alerts, with those that fire or are pending. */
export function reportOf(
  alerts: readonly Alert[],
  active: readonly ActiveAlert[],
  {
    evaluatedMs,
    problem = null,
    isSilenced = () => false,
    runbooks,
  }: {
    readonly evaluatedMs: number | null;
    readonly problem?: string | null;
    readonly isSilenced?: (alert: Alert) => boolean;
    /** The URL of the page that has the runbooks. */
    readonly runbooks?: string | undefined;
  },
): AlertsReport {
  const rows = alerts.flatMap((alert): AlertRow[] => {
    const own = active.filter((one) => one.alert === alert);
    const facts = { ...factsOf(alert, runbooks), isSilenced: isSilenced(alert) };
    if (own.length === 0) return [{ ...facts, ...NOTHING }];
    return own.map(({ labels, sinceMs, firingMs, reason }) => ({
      ...facts,
      ...{ state: firingMs === null ? ('pending' as const) : ('firing' as const) },
      ...{ labels, sinceMs, firingMs, reason },
    }));
  });
  const sorted = ORDER.flatMap((state) => rows.filter((row) => row.state === state));
  return { evaluatedMs, problem, alerts: sorted };
}

const NOTHING = { state: 'ok', labels: {}, sinceMs: null, firingMs: null, reason: null } as const;

function factsOf(
  { name, slug, title, severity, meaning, steps, panel }: Alert,
  runbooks: string | undefined,
) {
  return { name, slug, title, severity, meaning, steps, panel, runbook: runbookUrl(slug, runbooks) };
}

/** A report as an answer, which is written in the formats of queries. */
export function resultOf({ alerts }: AlertsReport): Result {
  const text = (name: string) => ({ name, type: 'string' }) as const;
  return {
    columns: [
      ...['state', 'severity', 'alert', 'node', 'network', 'exporter'].map(text),
      { name: 'since', type: 'time' },
      text('reason'),
    ],
    rows: inOneBatch(
      alerts.map(({ state, severity, slug, labels, sinceMs, reason }) => [
        ...[state, severity, slug],
        ...['node', 'network', 'exporter'].map((name) => labels[name] ?? null),
        sinceMs === null ? null : BigInt(sinceMs) * 1_000_000n,
        reason,
      ]),
    ),
  };
}
