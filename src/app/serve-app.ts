import { stat } from 'node:fs/promises';
import path from 'node:path';
import { checkSystemTime } from '../lib/point-times';
import { FailureError } from '../lib/errors';
import type { Log } from '../lib/log';
import { QueryScheduler } from '../query/query-scheduler';
import { connectClient } from '../query/client';
import { RemoteAnswers } from '../query/remote-answers';
import { checkPath } from '../store/open-errors';
import { StoreProcess } from '../store/process/store-process';
import { PageServer } from '../web/page-server';
import type { HttpSettings } from '../web/settings';
import { sayReady } from './say-ready';

/** The store to show, and the address of its page. */
export interface ServeConfig {
  /** Path of the store: of a file of DuckDB, or of a folder of Parquet files. */
  readonly file: string;
  readonly isFolder: boolean;
  readonly http: HttpSettings;
}

/**
 * Serves the page of a store that no node has open. The store is only read.
 * @throws FailureError where there is no such store, another process has it open, or the page can't be served
 *   there
 */
export async function serveStore(
  { file, isFolder, http }: ServeConfig,
  { log }: { readonly log: Log },
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  checkSystemTime();
  const absolute = path.resolve(file);
  if (isFolder) await checkFolder(absolute);
  else await checkPath(absolute, true);
  const node = await connectClient(absolute);
  if (node !== null) {
    await node.close();
    throw new FailureError(
      `store ${absolute}: a running node has it open and shows it on its own page; see --http there`,
    );
  }
  const warn = (message: string): void => void log.warn(message);
  const store = new StoreProcess({ path: absolute, readOnly: true }, { warn });
  await store.open();
  const scheduler = new QueryScheduler(new RemoteAnswers(store));
  const page = await PageServer.open(http, { log }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  await page.show({ scheduler, node: null, exporters: () => [] });
  page.hold();
  const { url } = page;
  const { outdated } = store;
  if (outdated.length > 0)
    log.warn('the store is of an older version; a node that writes into it once adds what it lacks', {
      series: outdated,
    });
  sayReady(log, 'showing', { store: absolute, page: url });
  return {
    url,
    stop: async () => {
      await Promise.all([scheduler.close(), page.close()]);
      await store.close();
    },
  };
}

/** @throws FailureError if a path is not a folder */
async function checkFolder(directory: string): Promise<void> {
  const isFolder = (await stat(directory).catch(() => null))?.isDirectory() === true;
  if (!isFolder)
    throw new FailureError(
      `parquet:${directory}: there is no such folder; name that of --export parquet:DIR`,
    );
}
