import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { AlertFeed } from '../../src/alerts/report';
import type { Live } from '../../src/live/live';
import { StoreWriter } from '../../src/store/writer';
import { createLog } from '../../src/lib/log';
import { QueryScheduler } from '../../src/query/query-scheduler';
import { LocalAnswers } from '../../src/query/local-answers';
import { type OpenModules, PageServer } from '../../src/web/page-server';
import type { HttpSettings } from '../../src/web/settings';
import { StatusLine } from '../../src/lib/status-line';
import { type Cleanup } from '../support/cleanup';
import { queryPoints } from '../support/query-points';

/** Settings of a test's page that differ from the defaults. */
export interface ServedOptions extends Partial<HttpSettings> {
  readonly live?: Live;
  readonly alerts?: AlertFeed;
  readonly limits?: OpenModules['limits'];
  readonly points?: ReturnType<typeof queryPoints>;
  /** Name of the node that serves. */
  readonly node?: string;
  /** Folder of the built page, instead of the smallest one. */
  readonly assets?: string;
}

/** A page over a store with points, and what is needed to read both. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly page: PageServer;
  readonly scheduler: QueryScheduler;
  readonly exporter: StoreWriter;
  readonly folder: string;
  readonly file: string;
  /** Lines that were logged. */
  readonly logged: string[];
}

/** Files of a page, as small as possible. */
export const ASSET_TEXTS = {
  'index.html': '<!doctype html><html lang="en"><title>page</title></html>',
  'login.html': '<!doctype html><html lang="en"><title>login</title><p><!--message--></p></html>',
  'main-ABCD1234.js': '// a comment that is long enough to be packed\n'.repeat(200),
  'plain.css': 'body { color: black }',
};

/** Serves the page of a store with the points of queries, on any free port. */
export async function servedPage(cleanup: Cleanup, options: ServedOptions = {}): Promise<Served> {
  const { live, alerts, limits, points = queryPoints(), node = 'tester', assets, ...settings } = options;
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-web-')), (name) =>
    rm(name, { recursive: true }),
  );
  for (const [name, text] of Object.entries(ASSET_TEXTS)) await writeFile(path.join(folder, name), text);
  const file = path.join(folder, 'store.duckdb');
  const exporter = cleanup.add(new StoreWriter({ path: file }), (opened) => opened.close());
  await exporter.open();
  await exporter.write(points);
  const scheduler = cleanup.add(new QueryScheduler(new LocalAnswers(exporter)), (opened) => opened.close());
  const logged: string[] = [];
  const log = createLog('debug', new StatusLine({ write: (text) => logged.push(text) }));
  const page = cleanup.add(
    await PageServer.open(
      { host: '127.0.0.1', port: 0, given: true, token: null, names: [], ...settings },
      { log, assets: assets ?? folder, ...(limits === undefined ? {} : { limits }) },
    ),
    (opened) => opened.close(),
  );
  await page.show({ scheduler, node, live, alerts, exporters: () => [] });
  return { url: page.url, port: page.port, page, scheduler, exporter, folder, file, logged };
}
