import { ALERTS_PATH } from '../alerts/alerts-command';
import type { AlertMonitor } from '../alerts/monitor';
import type { AlertFeed } from '../alerts/report';
import { messageOf } from '../lib/errors';
import type { Live } from '../live/live';
import { type StateAlert, nodeState } from '../live/node-state';
import type { Log } from '../lib/log';
import type { ExporterStats } from '../metrics/collector';
import { SESSIONS_PATH, openSessions } from '../query/open-sessions';
import { QueryScheduler } from '../query/query-scheduler';
import { RemoteAnswers } from '../query/remote-answers';
import { serveQueries } from '../query/server';
import { VERSION } from '../lib/version';
import type { LiveWhyAnswers } from '../why/live-why';
import { WHY_PATH, whyDocument } from '../why/why-document';
import type { StoreProcess } from '../store/process/store-process';
import { PageServer } from '../web/page-server';
import type { HttpSettings } from '../web/settings';
import { type AlertSettings, alertingOf } from './alerting';

export interface ServingOptions {
  /** Name of the node or collector. */
  readonly node: string;
  /**
   * Age at which a point is removed and the rollups of its minute and hour stay. Without it points stay
   * forever.
   */
  readonly retentionMs?: number | undefined;
  /** Receivers of alerts; without it there are none. */
  readonly alerts?: AlertSettings | undefined;
}

export interface ServingModules {
  /** The stores that are served. */
  readonly stores: readonly StoreProcess[];
  readonly stats: () => readonly ExporterStats[];
  /** The node's present state; undefined for a collector. */
  readonly live?: Live | undefined;
  /** The record that `why` asks; undefined if there is none. */
  readonly why?: LiveWhyAnswers | undefined;
  readonly page: PageServer | null;
  readonly log: Log;
}

/** The servers of queries and of the page. */
export interface Serving {
  /** URL of the page; null where there is no page. */
  readonly url: string | null;
  /** The alerts on the first store; null where there is no store. */
  readonly alerts: AlertMonitor | null;
  /** Interrupts running queries and closes the servers. */
  close(): Promise<void>;
}

/**
 * Opens the server of the page, before anything else is started. Null where no page is wanted, or where its
 * default place is taken.
 * @throws FailureError where a place that the user asked for can't be opened
 */
export async function openPage(settings: HttpSettings | undefined, log: Log): Promise<PageServer | null> {
  if (settings === undefined) return null;
  try {
    return await PageServer.open(settings, { log });
  } catch (error) {
    if (settings.given) throw error;
    log.warn(`no page: ${messageOf(error)}`);
    return null;
  }
}

/**
 * Serves the stores that this process writes. No other process can open them, so this one answers queries,
 * shows the first store on its page, rolls up points and removes those that are too old.
 */
export async function startServing(
  { node, retentionMs, alerts: alertSettings }: ServingOptions,
  { stores, stats, live, why, page, log }: ServingModules,
): Promise<Serving> {
  const closing: (() => Promise<void>)[] = [];
  const schedulers = stores.map((store) => new QueryScheduler(new RemoteAnswers(store)));
  const [first] = schedulers;
  const alerting =
    first === undefined
      ? null
      : alertingOf(alertSettings, { scheduler: first, node, log, pageUrl: page?.url ?? null });
  const alerts = alerting?.monitor ?? null;
  const state =
    live === undefined
      ? undefined
      : () => nodeState({ live, version: VERSION, exporters: stats, alerts: () => firingOf(alerts) });
  for (const scheduler of schedulers) {
    const documents = new Map<string, (params: URLSearchParams) => unknown>();
    if (alerts !== null && scheduler === first) documents.set(ALERTS_PATH, () => alerts.report());
    if (live !== undefined) documents.set(SESSIONS_PATH, () => openSessions(live));
    if (why !== undefined) documents.set(WHY_PATH, whyDocument(why));
    const server = await serveQueries({ scheduler, state, documents });
    closing.push(() => server.close());
  }
  if (page !== null) closing.push(() => page.close());
  if (first !== undefined)
    await page?.show({ scheduler: first, node, live, why, alerts: alerts ?? undefined, exporters: stats });
  else if (page !== null) {
    log.info('no page: it shows an embedded store, and none of the exports is one');
    await page.close();
  }
  for (const store of stores) store.retain(retentionMs ?? null);
  alerts?.start();
  return {
    url: first === undefined ? null : (page?.url ?? null),
    alerts,
    close: async () => {
      await alerting?.stop();
      await Promise.all(closing.map((close) => close()));
    },
  };
}

/** The alerts that fire, as the state of a node has them. */
function firingOf(feed: AlertFeed | null): readonly StateAlert[] {
  return (feed?.report().alerts ?? []).flatMap(({ title, severity, firingMs, reason, isSilenced }) =>
    firingMs === null || reason === null ? [] : [{ title, severity, firingMs, reason, isSilenced }],
  );
}
