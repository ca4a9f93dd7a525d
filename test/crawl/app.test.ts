import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type CrawlConfig, startCrawlApp } from '../../src/app/crawl-app';
import { CrawlFolder } from '../../src/crawl/crawl-folder';
import { createLog } from '../../src/lib/log';
import { StatusLine } from '../../src/lib/status-line';
import { Cleanup } from '../support/cleanup';
import { FakePeer } from '../support/fake-peer';
import { until } from '../support/until';

const cleanup = new Cleanup();
let folder = '';
beforeEach(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crawl-')), (name) =>
    rm(name, { recursive: true, force: true }),
  );
});
afterEach(() => cleanup.run());

const configOf = (connect: CrawlConfig['connect']): CrawlConfig => ({
  ...{ node: 'a', network: 'regtest', connect, dataDir: folder, intervalMs: 1_000, workers: 5 },
  ...{
    exports: [`parquet:${path.join(folder, 'points')}`],
    spools: { directory: folder, maxBytes: 1_000_000 },
  },
  ...{ everyMs: undefined, contact: undefined, excluded: undefined, seeds: undefined, resolver: undefined },
  ...{ routes: {}, transport: 'v1', asMap: undefined, maxUserAgents: 10 },
  patience: { answerMs: 600, afterPongMs: 300 },
});

/** A terminal that remembers what was written to it. */
function terminal(): { readonly status: StatusLine; readonly shown: () => string } {
  let shown = '';
  const status = new StatusLine({ isTTY: true, columns: 200, write: (text: string) => (shown += text) });
  return { status, shown: () => shown };
}

it('crawls again and again, shows how far it is, and tells what has changed', async () => {
  const second = await FakePeer.start();
  const first = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const { status, shown } = terminal();
  const connect = [first, second].map(({ host, port }) => ({ host, port }));
  const app = cleanup.add(
    await startCrawlApp({ ...configOf(connect), everyMs: 700 }, { log: createLog('info', status), status }),
    (it) => it.stop(),
  );
  const crawls = new CrawlFolder(folder, 'regtest');
  await until('two crawls', async () => (await crawls.names()).length >= 2);
  await second.stop();
  const gone = await until('one that lacks a node', async () => {
    const newest = await crawls.newest(() => undefined);
    return newest?.nodes.length === 1 ? newest : undefined;
  });
  expect(gone.nodes[0]?.address).toBe(`127.0.0.1:${first.port}`);
  expect(shown()).toMatch(/crawl: \d+ nodes, \d+ of 2 addresses tried, \d+ wait, \d+ open/);
  await app.stop();
  await app.ended.catch(() => undefined);
  expect(await readdir(path.join(folder, 'points'))).toEqual(expect.arrayContaining(['crawls', 'nodes']));
});

it('is one at a time in its folder', async () => {
  const peer = cleanup.add(await FakePeer.start(), (it) => it.stop());
  const { status } = terminal();
  const modules = { log: createLog('error', status), status };
  const config = configOf([{ host: peer.host, port: peer.port }]);
  const app = cleanup.add(await startCrawlApp({ ...config, everyMs: 60_000 }, modules), (it) => it.stop());
  await expect(startCrawlApp(config, modules)).rejects.toThrow(
    /^crawl .*: is in use by process \d+; stop that one$/,
  );
  await app.stop();
});
