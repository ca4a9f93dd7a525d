import { messageOf } from '../lib/errors';
import type { Live } from '../live/live';
import { nodeState } from '../live/node-state';
import type { Log } from '../lib/log';
import type { ExporterStats } from '../metrics/collector';
import { QueryScheduler } from '../query/query-scheduler';
import { RemoteAnswers } from '../query/remote-answers';
import { serveQueries } from '../query/server';
import { VERSION } from '../lib/version';
import type { StoreProcess } from '../store/process/store-process';
import { PageServer } from '../web/page-server';
import type { HttpSettings } from '../web/settings';

/** What is served of embedded stores. */
export interface ServingOptions {
  /** Name of the node or collector. */
  readonly node: string;
  /** Age at which points are removed and their sums by minute and hour stay; never without it. */
  readonly retentionMs?: number | undefined;
}

/** What serving works with. */
export interface ServingModules {
  /** The stores that are served. */
  readonly stores: readonly StoreProcess[];
  readonly stats: () => readonly ExporterStats[];
  /** What is known of this moment, of a node. */
  readonly live?: Live | undefined;
  readonly page: PageServer | null;
  readonly log: Log;
}

/** Stores at the service of others. */
export interface Serving {
  /** Where the page is; null where there is none. */
  readonly url: string | null;
  /** Breaks off what is asked and lets go of the stores. */
  close(): Promise<void>;
}

/**
 * Takes the place of the page, before anything else is begun. Null where there is to be none, or where the
 * place that it has by default is another's.
 * @throws FailureError where a place that somebody asked for can't be had
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
 * A store that this process writes no other can open: so it answers queries itself, shows the first of its
 * stores on its page, rolls their points up and keeps them to their age.
 */
export async function startServing(
  { node, retentionMs }: ServingOptions,
  { stores, stats, live, page, log }: ServingModules,
): Promise<Serving> {
  const closing: (() => Promise<void>)[] = [];
  const schedulers = stores.map((store) => new QueryScheduler(new RemoteAnswers(store)));
  const state =
    live === undefined ? undefined : () => nodeState({ live, version: VERSION, exporters: stats });
  for (const scheduler of schedulers) {
    const server = await serveQueries({ scheduler, state });
    closing.push(() => server.close());
  }
  const [first] = schedulers;
  if (page !== null) closing.push(() => page.close());
  if (first !== undefined) await page?.show({ scheduler: first, node, live, exporters: stats });
  else if (page !== null) {
    log.info('no page: it shows an embedded store, and none of the exports is one');
    await page.close();
  }
  for (const store of stores) store.retain(retentionMs ?? null);
  return {
    url: first === undefined ? null : (page?.url ?? null),
    close: async () => {
      await Promise.all(closing.map((close) => close()));
    },
  };
}
