import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { WhyAnswer } from '../../../src/why/why-answer';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { freePort } from '../../support/free-port';
import { type Program, runProgram } from '../../support/program';
import { startRegtest } from '../../support/regtest-child';
import { until } from '../../support/until';
import { tabTo, violations } from './looks';

const PHONE = { width: 390, height: 844 };

chromiumProgram.describe('the view Why of the page', (program) => {
  const cleanup = new Cleanup();
  const watched: WatchedPage[] = [];
  let url: string;
  let browser: Browser;
  let peer = '';

  beforeAll(async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-why-page-')), (name) =>
      rm(name, { recursive: true }),
    );
    const network = cleanup.add(await startRegtest(), (it) => it.stop());
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const [first] = network.endpoints;
    peer = `127.0.0.1:${first?.port ?? 0}`;
    const node: Program = cleanup.add(
      runProgram(
        [
          ...['--network', 'regtest', '--interval', '500ms', '--http', `127.0.0.1:${port}`],
          ...['--data-dir', folder, '--export', `duckdb:${path.join(folder, 'why.duckdb')}`],
          ...network.endpoints.flatMap((endpoint) => ['--connect', `127.0.0.1:${endpoint.port}`]),
        ],
        folder,
      ),
      (it) => it.stop(),
    );
    await until('the page', async () => (await fetch(`${url}/login`)).status < 500, { giveUp: node.ended });
    network.startTraffic();
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());

  afterEach(async () => {
    const found = watched.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors())).toEqual([]);
    expect(found.flatMap(({ strangers }) => strangers)).toEqual([]);
  });

  const open = async (hash: string, viewport?: typeof PHONE): Promise<Page> => {
    const opened = await openPage(browser, url, viewport === undefined ? {} : { viewport });
    watched.push(opened);
    await opened.page.goto(`${url}/${hash}`);
    return opened.page;
  };
  const whyOf = async (id: string): Promise<WhyAnswer> =>
    (await fetch(`${url}/api/why?id=${encodeURIComponent(id)}`)).json() as Promise<WhyAnswer>;
  const titleOf = async (page: Page): Promise<string> =>
    (await page.locator('#why-answer h3').first().textContent()) ?? '';

  it('leads from an id on the page to everything that is known of it, and on to others', async () => {
    const page = await open('#now');
    const link = page.locator('#last-transactions td.hash a').first();
    await link.waitFor();
    // The transaction may become part of a block at any moment, so the page is held against its own answer.
    const answered = page.waitForResponse((response) => response.url().includes('/api/why?'));
    // Rows move down while others come, so the address that the click leads to tells which one it was.
    await link.evaluate((element) => (element as HTMLAnchorElement).click());
    const id = decodeURIComponent(await page.evaluate(() => location.hash)).replace('#why-', '');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    await until('the answer', async () => (await titleOf(page)).includes(id));
    expect(await titleOf(page)).toBe(`Transaction ${id}`);
    const told = (await (await answered).json()) as WhyAnswer;
    const shown = await page.locator('#why-answer').innerText();
    for (const { name } of told.facts) expect(shown).toContain(name);
    for (const title of ['What happened', 'Relay policies']) expect(shown).toContain(title);
    expect(await page.locator('#why-answer').getByText('would relay it').count()).toBe(1);

    // The first peer that announced it.
    const first = told.timeline.find(({ what }) => what.startsWith('announced first'))?.peer ?? '';
    await page.locator(`#why-answer a:text-is("${first}")`).first().click();
    await until('the peer', async () => (await titleOf(page)) === `Peer ${first}`);
    await page.goBack();
    await until('the transaction again', async () => (await titleOf(page)) === `Transaction ${id}`);
  });

  it('has an address that can be shared, for a block by its height and for a peer', async () => {
    const height = await until('a block', async () => {
      const { facts } = await whyOf(peer);
      const found = facts.find(({ name }) => name === 'height')?.value;
      return typeof found === 'number' && (await whyOf(String(found))).kind === 'block' ? found : undefined;
    });
    const page = await open(`#why-${height}`);
    const { id } = await whyOf(String(height));
    await until('the block', async () => (await titleOf(page)) === `Block ${id}`);
    const other = await open(`#why-${encodeURIComponent(peer)}`);
    await until('the peer', async () => (await titleOf(other)) === `Peer ${peer}`);
    expect(await other.inputValue('#why-id')).toBe(peer);
  });

  it('says what is wrong, and that nothing is known', async () => {
    const page = await open('#why-ab');
    const said = (): Promise<string | null> => page.locator('#why-status').textContent();
    await until('the error', async () => (await said())?.startsWith('ab: too short') === true);
    watched[0]?.provoked.add(400);
    await page.fill('#why-id', 'cd'.repeat(32));
    await page.press('#why-id', 'Enter');
    await until('the answer', async () => (await said()) === `Nothing is known of ${'cd'.repeat(32)}.`);
    expect(await page.locator('#why-answer').innerText()).toContain('No peer has announced or sent it');
  });

  it('is used by keyboard alone', async () => {
    const page = await open('#now');
    await tabTo(page, '#sections a[href="#why"]');
    await page.keyboard.press('Enter');
    await tabTo(page, '#why-id');
    await page.keyboard.type(peer);
    await page.keyboard.press('Enter');
    await until('the peer', async () => (await titleOf(page)) === `Peer ${peer}`);
    await tabTo(page, '#why-answer a');
  });

  it.each([
    ['wide', undefined],
    ['on a phone', PHONE],
  ] as const)('has no fault that axe finds, and fits the window: %s', async (_, viewport) => {
    const page = await open(`#why-${encodeURIComponent(peer)}`, viewport);
    await until('the peer', async () => (await titleOf(page)) === `Peer ${peer}`);
    expect(await violations(page)).toEqual([]);
    const [scroll, client] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(scroll).toBeLessThanOrEqual(client);
  });
});
