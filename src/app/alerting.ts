import { ALERTS } from '../alerts/alerts';
import { AlertsFile } from '../alerts/alerts-file';
import { holding } from '../alerts/holding';
import { AlertMonitor } from '../alerts/monitor';
import { RUNBOOKS_PATH } from '../alerts/runbook';
import type { Silence } from '../alerts/silences';
import { UsualLoads } from '../alerts/usual-loads';
import type { Log } from '../lib/log';
import { type NamedReceiver, Notifier } from '../notify/notifier';
import type { QueryScheduler } from '../query/query-scheduler';

/** Most milliseconds that an evaluation of the alerts may take. */
const EVALUATION_MS = 20_000;

/** Receivers of alerts, and the alerts that are silenced. */
export interface AlertSettings {
  /** File that keeps which alerts fire and what receivers were told; null for none. */
  readonly file: string | null;
  readonly silences: readonly Silence[];
  readonly receivers: readonly NamedReceiver[];
  /** The URL of the page that has the runbooks; left out for the page of this process. */
  readonly runbooks?: string | undefined;
}

/** No receivers, no silences, no file. */
const NONE: AlertSettings = { file: null, silences: [], receivers: [] };

/** The alerts of a store, and the parts that notify receivers. */
export interface Alerting {
  readonly monitor: AlertMonitor;
  stop(): Promise<void>;
}

export interface AlertingModules {
  readonly scheduler: QueryScheduler;
  /** Name of the node or collector. */
  readonly node: string;
  readonly log: Log;
  /** URL of the page of this process; null where there is none. */
  readonly pageUrl: string | null;
}

/**
 * Evaluates the alerts on a store, logs them and tells the receivers. Like a panel, it has a time limit.
 */
export function alertingOf(
  { file, silences, receivers, runbooks: given }: AlertSettings = NONE,
  { scheduler, node, log, pageUrl }: AlertingModules,
): Alerting {
  const runbooks = given ?? (pageUrl === null ? undefined : new URL(RUNBOOKS_PATH, pageUrl).href);
  const warn = (message: string): void => void log.warn(message);
  const never = new AbortController().signal;
  const kept = new AlertsFile(file, warn);
  kept.keepOnly(receivers.map(({ id }) => id));
  const usual = new UsualLoads();
  const monitor = new AlertMonitor({
    ...{ kept, silences, runbooks, warn },
    evaluate: (atNs) =>
      scheduler.ask({ kind: 'panel', timeoutMs: EVALUATION_MS, left: never }, (asked) =>
        holding(ALERTS, atNs, (queries) => asked.runAll(queries), usual),
      ),
  });
  const notifier = new Notifier(receivers, { monitor: node, runbooks, kept, warn });
  monitor.subscribe((changes) => {
    for (const { kind, active } of changes)
      log.warn(kind === 'fired' ? 'an alert fires' : 'an alert is cleared', {
        alert: active.alert.slug,
        severity: active.alert.severity,
        reason: active.reason,
      });
    notifier.update(monitor.audible);
  });
  return {
    monitor,
    stop: async () => {
      monitor.stop();
      notifier.stop();
      await kept.close();
    },
  };
}
