import path from 'node:path';
import type { Page } from 'playwright-core';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { FakeLive, peer } from '../../support/fake-live';
import { until } from '../../support/until';
import { servedPage } from '../served';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');
const PEERS = 20_000;

chromiumProgram.describe('a table of 20,000 peers', (program) => {
  const cleanup = new Cleanup();
  let page: Page;
  let opened: WatchedPage;
  const live = new FakeLive();
  const rows = (): Promise<number> => page.locator('#peer-table tbody:not(.space) tr').count();
  const said = (): Promise<string> => page.locator('#peer-filter-said').innerText();
  const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');
  const address = (at: 'first' | 'last'): Promise<string> =>
    page.locator('#peer-table tbody:not(.space) tr td:first-child a')[at]().innerText();

  beforeAll(async () => {
    live.list = Array.from({ length: PEERS }, (_, id) => ({
      ...peer(id),
      ...{ address: `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}:8333`, bytesRecv: (id * 7_919) % PEERS },
      userAgent: id % 1_000 === 0 ? '/btcd:0.26.0/' : '/Satoshi:31.0.0/',
    }));
    const served = await servedPage(cleanup, { live, points: [], assets: ASSETS });
    const browser = await startChromium(program, cleanup);
    opened = await openPage(browser, served.url);
    page = opened.page;
    await page.goto(`${served.url}#now`);
    await until('all of them', async () => plain(await said()) === '20 000 peers', { ms: 120_000 });
  });
  afterAll(() => cleanup.run());

  it('has few rows in the document, and all of them at the end of the bar', async () => {
    expect(await rows()).toBeLessThan(100);
    await page.locator('#peer-table .scroll').evaluate((it) => it.scrollTo(0, it.scrollHeight));
    await until('the last row', async () => (await address('last')) === '10.0.78.31:8333');
    expect(await rows()).toBeLessThan(100);
    await page.locator('#peer-table .scroll').evaluate((it) => it.scrollTo(0, 0));
    await until('the first row', async () => (await address('first')) === '10.0.0.0:8333');
  });

  it('sorts and filters them', async () => {
    await page.getByRole('button', { name: 'Received' }).click();
    await page.getByRole('button', { name: 'Received' }).click();
    const most =
      Array.from({ length: PEERS }, (_, id) => id).find((id) => (id * 7_919) % PEERS === PEERS - 1) ?? 0;
    await until('the order', async () => (await address('first')) === `10.0.${most >> 8}.${most & 255}:8333`);
    await page.locator('#peer-filter-text').fill('BTCD');
    await until('the filter', async () => plain(await said()) === '20 of 20 000 peers');
    expect(await rows()).toBe(20);
    await page.locator('#peer-filter-text').fill('btcd 10.0.3.');
    await until('both words', async () => plain(await said()) === '1 of 20 000 peers');
    expect(await address('first')).toBe('10.0.3.232:8333');
    await page.locator('#peer-filter-text').fill('nobody');
    await until('none', async () => (await rows()) === 0);
    expect(await page.locator('#peer-table .nothing').innerText()).toBe('None of them.');
    expect(opened.errors()).toEqual([]);
  });

  it('opens the own view of a peer, by a click or by Enter, and follows the peer until it leaves', async () => {
    live.facts = {
      ...{
        duration: 3_700,
        address_network: 'ipv4',
        is_inbound: false,
        netgroup: '10.0.0.0/16',
        asn: 64_500,
      },
      ...{
        inv_first: 12,
        inv_later: 3_400,
        requested: 40,
        undelivered: 25,
        addrs_told: 1_000,
        violations: 2,
      },
      ...{ ping_least: 12.5, time_offset: -3, spy_score: 40, spy_reasons: 'silent,undelivered' },
    };
    await page.locator('#peer-filter-text').fill('10.0.3.232');
    await until('the peer', async () => (await rows()) === 1);
    const view = page.locator('#peer-view');
    const shown = async (): Promise<string> => plain(await view.innerText()).replaceAll(/\s+/g, ' ');
    expect(await view.isVisible()).toBe(false);
    const row = page.locator('#peer-table tbody:not(.space) tr');
    await row.locator('td').nth(5).click();
    await until('its numbers', async () => (await shown()).includes('Never delivered 25'));
    for (const words of [
      ...['10.0.3.232:8333', 'Autonomous system 64500', 'Clock 3 s behind ours', 'Connected for 1 h 1 min'],
      ...['Announced first 12', 'Announced later than others 3 400', 'Addresses told 1 000', 'Violations 2'],
      'Spy score 40 of 100: announces nothing, does not deliver what it announced',
      ...['Ping, least 12.5 ms', 'inv 7 (427 B) –'],
    ])
      expect(await shown()).toContain(words);
    await page.keyboard.press('Escape');
    expect(await view.isVisible()).toBe(false);
    await row.focus();
    await page.keyboard.press('Enter');
    await until('the view again', async () => (await shown()).includes('Violations 2'));
    live.facts = { ...live.facts, violations: 3 };
    await until('the change', async () => (await shown()).includes('Violations 3'));
    live.list = live.list.filter(({ address }) => address !== '10.0.3.232:8333');
    await until('its end', async () => (await shown()).includes('It has left. These are the last numbers.'));
    expect(await shown()).toContain('Violations 3');
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await view.isVisible()).toBe(false);
    opened.provoked.add(404);
    expect(opened.errors()).toEqual([]);
  });
});
