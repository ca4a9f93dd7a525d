import path from 'node:path';
import type { Page } from 'playwright-core';
import { chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { FakeLive, peer } from '../../support/fake-live';
import { until } from '../../support/until';
import { servedPage } from '../served';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');
const PEERS = 20_000;

chromiumProgram.describe('a table of 20,000 peers', (program) => {
  const cleanup = new Cleanup();
  let page: Page;
  let errors: readonly string[] = [];
  const rows = (): Promise<number> => page.locator('#peer-table tbody:not(.space) tr').count();
  const said = (): Promise<string> => page.locator('#peer-filter-said').innerText();
  const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');
  const address = (at: 'first' | 'last'): Promise<string> =>
    page.locator('#peer-table tbody:not(.space) tr td:first-child a')[at]().innerText();

  beforeAll(async () => {
    const live = new FakeLive();
    live.list = Array.from({ length: PEERS }, (_, id) => ({
      ...peer(id),
      ...{ address: `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}:8333`, bytesRecv: (id * 7_919) % PEERS },
      userAgent: id % 1_000 === 0 ? '/btcd:0.26.0/' : '/Satoshi:31.0.0/',
    }));
    const served = await servedPage(cleanup, { live, points: [], assets: ASSETS });
    const browser = await startChromium(program, cleanup);
    const opened = await openPage(browser, served.url);
    errors = opened.errors;
    page = opened.page;
    await page.goto(`${served.url}#now`);
    await until('all of them', async () => plain(await said()) === '20 000 peers', { ms: 120_000 });
  }, 180_000);
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
    expect(await address('first')).toBe(`10.0.${most >> 8}.${most & 255}:8333`);
    await page.locator('#peer-filter-text').fill('BTCD');
    await until('the filter', async () => plain(await said()) === '20 of 20 000 peers');
    expect(await rows()).toBe(20);
    await page.locator('#peer-filter-text').fill('btcd 10.0.3.');
    await until('both words', async () => plain(await said()) === '1 of 20 000 peers');
    expect(await address('first')).toBe('10.0.3.232:8333');
    await page.locator('#peer-filter-text').fill('nobody');
    await until('none', async () => (await rows()) === 0);
    expect(await page.locator('#peer-table .nothing').innerText()).toBe('None of them.');
    expect(errors).toEqual([]);
  });
});
