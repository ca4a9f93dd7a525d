import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { INV_BLOCK, decodeInventory } from '../../../src/wire/messages/inventory';
import { displayOf } from '../../../src/wire/hash';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { type FakeConnection, dialListener } from '../../support/fake-peer';
import { freePort } from '../../support/free-port';
import { type Program, runProgram } from '../../support/program';
import { startRegtest } from '../../support/regtest-child';
import { until } from '../../support/until';
import { violations } from './looks';

const TOKEN = 'a-token-of-25-characters-';

chromiumProgram.describe('the page and its node', (program) => {
  const cleanup = new Cleanup();
  let folder: string;
  let url: string;
  let browser: Browser;
  let node: Program;
  let neighbour: FakeConnection;
  let start: (token?: string) => Promise<void>;

  beforeAll(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-link-')), (name) =>
      rm(name, { recursive: true }),
    );
    const network = cleanup.add(await startRegtest(), (it) => it.stop());
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const tokenFile = path.join(folder, 'token');
    await writeFile(tokenFile, TOKEN, { mode: 0o600 });
    start = async (token) => {
      node = runProgram(
        [
          ...['--network', 'regtest', '--interval', '500ms', '--http', `127.0.0.1:${port}`],
          ...['--data-dir', folder, '--export', `duckdb:${path.join(folder, 'link.duckdb')}`],
          ...network.endpoints.flatMap((endpoint) => ['--connect', `127.0.0.1:${endpoint.port}`]),
          ...(token === undefined ? [] : ['--http-token-file', tokenFile]),
        ],
        folder,
      );
      await until('the page', async () => (await fetch(`${url}/login`)).status < 500, { giveUp: node.ended });
    };
    await start();
    cleanup.add(null, () => node.stop());
    neighbour = cleanup.add(await dialListener(network.endpoints[0]?.port ?? 0), ({ socket }) =>
      socket.destroy(),
    );
    network.startTraffic();
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());

  /** Hashes of the blocks that a peer of the network announced to another neighbour. */
  const announced = (): string[] =>
    neighbour.got
      .filter(({ command }) => command === 'inv')
      .flatMap(({ payload }) => decodeInventory(payload))
      .filter(({ type }) => type === INV_BLOCK)
      .map(({ hash }) => displayOf(hash));

  /** Waits for the row of a block that is announced from now on; on a busy machine others may follow it. */
  const newBlockShown = async (page: Page): Promise<void> => {
    const known = announced().length;
    await until('a new block', async () => {
      const shown = await page.locator('#last-blocks a').allTextContents();
      return announced()
        .slice(known)
        .some((sha) => shown.includes(sha));
    });
  };

  const opened = async (): Promise<WatchedPage> => {
    const watched = await openPage(browser, url);
    await watched.page.goto(url);
    return watched;
  };

  it('shows a block after it was mined, without being loaded again', async () => {
    const { page, context, errors, strangers } = await opened();
    await page.waitForSelector('#last-blocks tbody tr');
    for (let times = 0; times < 2; times++) {
      await newBlockShown(page);
    }
    expect(errors()).toEqual([]);
    expect(strangers).toEqual([]);
    await context.close();
  });

  it('shows that the connection is lost, recovers, and asks for a token if one is required', async () => {
    const { page, context, strangers } = await opened();
    const state = page.locator('#state');
    await until('the page to be live', async () => (await state.textContent()) === 'Live');
    await page.click('#sections a[href="#chain"]');
    await page.waitForSelector('#panel-chain-height .u-wrap');
    await node.stop();
    await page.waitForSelector('.notice.bad:has-text("Connection lost, trying again")');
    expect(await state.textContent()).toBe('Reconnecting');

    await start();
    await until('the page to be live again', async () => (await state.textContent()) === 'Live');
    await until('no notice', async () => (await page.locator('.notice.bad').count()) === 0);
    await newBlockShown(page);
    await page.waitForSelector('#panel-chain-height:not(.failed) .u-wrap');
    await page.click('#panel-chain-height .tool[aria-pressed]');
    const newest = async (): Promise<number> =>
      Date.parse((await page.getAttribute('#panel-chain-height tbody time', 'datetime')) ?? '');
    const recovered = Date.now();
    await until('points from after the break', async () => (await newest()) > recovered - 60_000);

    await node.stop();
    await start(TOKEN);
    await page.waitForSelector('.notice.bad:has-text("This node requires a token")');
    expect(await state.textContent()).toBe('Signed out');
    await page.click('.notice-link');
    await page.waitForURL(`${url}/login`);
    expect(await violations(page)).toEqual([]);
    await page.fill('input[name="token"]', 'not-the-token-at-all');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.notice.bad:not(:empty)');
    await page.fill('input[name="token"]', TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForURL((address) => address.pathname === '/');
    await until('the page to be live', async () => (await state.textContent()) === 'Live');
    expect(strangers).toEqual([]);
    await context.close();
  });
});
