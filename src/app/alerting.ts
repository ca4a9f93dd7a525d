import { ALERTS } from '../alerts/alerts';
import { AlertsFile } from '../alerts/alerts-file';
import { holding } from '../alerts/holding';
import { AlertMonitor } from '../alerts/monitor';
import type { Silence } from '../alerts/silences';
import type { Log } from '../lib/log';
import { type NamedReceiver, Notifier } from '../notify/notifier';
import type { QueryScheduler } from '../query/query-scheduler';

/** Most milliseconds that an evaluation of the alerts may take. */
const EVALUATION_MS = 20_000;

/** Who is told of alerts, and of which not. */
export interface AlertSettings {
  /** Where it is kept what fires and what was told; null for nowhere. */
  readonly file: string | null;
  readonly silences: readonly Silence[];
  readonly receivers: readonly NamedReceiver[];
}

/** Nobody is told. */
const NONE: AlertSettings = { file: null, silences: [], receivers: [] };

/** The alerts of a store, and what tells of them. */
export interface Alerting {
  readonly monitor: AlertMonitor;
  stop(): Promise<void>;
}

/**
 * Evaluates the alerts on a store, logs them and tells the receivers. Like a panel, it has a time limit.
 */
export function alertingOf(
  { file, silences, receivers }: AlertSettings = NONE,
  { scheduler, node, log }: { readonly scheduler: QueryScheduler; readonly node: string; readonly log: Log },
): Alerting {
  const warn = (message: string): void => void log.warn(message);
  const never = new AbortController().signal;
  const kept = new AlertsFile(file, warn);
  kept.keepOnly(receivers.map(({ id }) => id));
  const monitor = new AlertMonitor({
    ...{ kept, silences, warn },
    evaluate: (atNs) =>
      scheduler.ask({ kind: 'panel', timeoutMs: EVALUATION_MS, left: never }, (asked) =>
        holding(ALERTS, atNs, (queries) => asked.runAll(queries)),
      ),
  });
  const notifier = new Notifier(receivers, { monitor: node, kept, warn });
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
