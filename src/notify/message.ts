import type { AlertName, Severity } from '../alerts/alert';
import type { Labels } from '../alerts/holding';
import { runbookUrl } from '../alerts/runbook';
import type { FiringAlert } from '../alerts/states';

/** An alert in a message. */
interface MessageAlert {
  readonly status: 'firing' | 'resolved';
  readonly name: AlertName;
  /** As in links: `no-peers`. */
  readonly alert: string;
  readonly severity: Severity;
  readonly title: string;
  readonly reason: string;
  readonly labels: Labels;
  /** RFC 3339. */
  readonly since: string;
  /** What to do, in this order. */
  readonly steps: readonly string[];
  /** The URL of its runbook. */
  readonly runbook: string;
}

/** A message to a receiver: alerts that began to fire, and alerts that were cleared. */
export interface Message {
  /** `firing` if any alert in it fires. */
  readonly status: 'firing' | 'resolved';
  /** The most urgent severity of those that fire; null if none fires. */
  readonly severity: Severity | null;
  /** Name of the node that evaluates the alerts. */
  readonly monitor: string;
  /** One line. */
  readonly title: string;
  /** A paragraph for each alert. */
  readonly text: string;
  readonly alerts: readonly MessageAlert[];
  /** Further alerts that the message only counts. */
  readonly more: number;
}

/** Most alerts that a message names. */
const MOST = 40;

/**
 * Makes the message about alerts that fire and alerts that were cleared.
 * @param runbooks the URL of the page that has the runbooks
 */
export function messageFor(
  firing: readonly FiringAlert[],
  resolved: readonly FiringAlert[],
  monitor: string,
  runbooks?: string,
): Message {
  const all = [
    ...firing.map((told) => toldOf('firing', told, runbooks)),
    ...resolved.map((told) => toldOf('resolved', told, runbooks)),
  ];
  const alerts = all.slice(0, MOST);
  const more = all.length - alerts.length;
  const severities = firing.map(({ alert }) => alert.severity);
  return {
    status: firing.length > 0 ? 'firing' : 'resolved',
    severity: severities.includes('critical') ? 'critical' : (severities[0] ?? null),
    monitor,
    title: titleOf(all, firing.length, resolved.length),
    text: [...alerts.map(paragraph), ...(more === 0 ? [] : [`and ${more} more`])].join('\n\n'),
    alerts,
    more,
  };
}

function toldOf(
  status: MessageAlert['status'],
  { alert, labels, reason, firingMs }: FiringAlert,
  runbooks: string | undefined,
): MessageAlert {
  const { name, slug, severity, title, steps } = alert;
  return {
    ...{ status, name, alert: slug, severity, title, reason, labels },
    since: new Date(firingMs).toISOString(),
    steps,
    runbook: runbookUrl(slug, runbooks),
  };
}

function titleOf(all: readonly MessageAlert[], firing: number, resolved: number): string {
  const [only] = all;
  if (all.length === 1 && only !== undefined) {
    const node = only.labels['node'] ?? '';
    return `${only.status === 'firing' ? only.severity : 'resolved'}: ${only.title}${node === '' ? '' : ` (${node})`}`;
  }
  const parts = [
    ...(firing === 0 ? [] : [firing === 1 ? '1 alert fires' : `${firing} alerts fire`]),
    ...(resolved === 0 ? [] : [`${resolved} resolved`]),
  ];
  return parts.join(', ');
}

function paragraph({ status, severity, title, reason, since, steps, runbook }: MessageAlert): string {
  if (status === 'resolved') return `RESOLVED ${title}\nIt was: ${reason}`;
  return `FIRING (${severity}) ${title}\n${reason}\nSince ${since}. ${steps[0] ?? ''}\nMore: ${runbook}`;
}
