import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { until } from '../../support/until';
import {
  EVIL_AGENT,
  EVIL_WARNING,
  LISTENER,
  WATCHED,
  peerAddress,
  receivedAt,
  watchedPoints,
} from '../../support/watched-points';
import { type Served, servedPage } from '../served';
import { cellsOf, tabTo, violations } from './looks';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');
const MINUTES = 30;

const plain = (text: string | null): string => (text ?? '').replaceAll(/[\u00a0\u202f]/g, ' ');

chromiumProgram.describe('the section of a watched node', (program) => {
  const cleanup = new Cleanup();
  const opened: WatchedPage[] = [];
  let served: Served;
  let browser: Browser;

  const open = async (search = '?range=1h', options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const found = await openPage(browser, served.url.replace(/\/$/, ''), options);
    opened.push(found);
    await found.page.goto(`${served.url}${search}`);
    await found.page.locator('#node .node-view').waitFor();
    await found.page.waitForSelector(`#node [aria-label="Peers of the watched node"] tbody tr`);
    return found.page;
  };
  const figure = async (page: Page, title: string): Promise<string> =>
    plain(
      await page
        .locator('#node dl > div', { has: page.locator(`dt:text-is("${title}")`) })
        .locator('dd')
        .textContent(),
    );

  beforeAll(async () => {
    // On a full minute, so that the newest list of peers is in the last interval.
    const endMs = Math.floor(Date.now() / 60_000) * 60_000;
    const points = watchedPoints({ endMs, minutes: MINUTES });
    served = await servedPage(cleanup, { points, node: LISTENER, assets: ASSETS });
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());
  afterEach(async () => {
    const found = opened.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors())).toEqual([]);
    expect(found.flatMap(({ strangers }) => strangers)).toEqual([]);
  });

  it('shows health, clocks and warnings from the points, as text', async () => {
    const page = await open();
    expect(await figure(page, 'Watched node')).toBe(`Up${WATCHED}`);
    expect(await figure(page, 'Height')).toBe('900 006loads the chain, 75 %');
    expect(await figure(page, 'Peers')).toBe('128 out, 4 in');
    expect(await figure(page, 'Uptime')).toBe('3 h 16 min');
    expect(await figure(page, 'Version')).toBe('Core 26.0');
    expect(await figure(page, 'RPC latency')).toMatch(/^[2-4] mslongest 9 ms$/);
    expect(await figure(page, 'Node first')).toBe('12of 40 that both had');
    expect(await page.textContent('#node .notice.warn')).toBe(`${WATCHED} warns: ${EVIL_WARNING}`);
    const tips = await cellsOf(page, '#node [aria-label="Chain tips"]');
    expect(tips.map(([height, status, branch]) => [plain(height ?? null), status, branch])).toEqual([
      ['900 000', 'active', '0'],
      ['899 995', 'valid-fork', '3'],
      ['899 990', 'valid-fork', '1'],
      ['899 000', 'invalid', '2'],
    ]);
    const blocks = await cellsOf(page, '#node [aria-label="Block delay behind the listener"]');
    expect(blocks.length).toBe(MINUTES / 5 + 1);
    expect(plain(blocks[0]?.[2] ?? null)).toBe('351 ms');
  });

  it('shows the ends of block hashes, which begin with zeros, and links them', async () => {
    const page = await open();
    for (const table of ['Chain tips', 'Block delay behind the listener']) {
      const hash = page.locator(`#node [aria-label="${table}"] td.hash a`).first();
      expect(await hash.getAttribute('href')).toMatch(/#why-[0-9a-f]{64}$/);
      const seen = await hash.evaluate((link) => {
        const { left, right } = link.getBoundingClientRect();
        return [0, 63].map((at) => {
          const range = document.createRange();
          range.setStart(link.firstChild ?? link, at);
          range.setEnd(link.firstChild ?? link, at + 1);
          const digit = range.getBoundingClientRect();
          return digit.left >= left - 1 && digit.right <= right + 1;
        });
      });
      expect(seen).toEqual([false, true]);
    }
  });

  it('shows each peer with its traffic, sorts them, and takes nothing that a peer says as markup', async () => {
    const page = await open();
    const rows = await cellsOf(page, '#node [aria-label="Peers of the watched node"]');
    expect(rows).toHaveLength(12);
    const last = MINUTES * 60;
    for (const index of [0, 1, 5, 11]) {
      const row = rows.find(([address]) => address === peerAddress(index));
      expect(row?.[2]).toBe(index >= 8 ? 'in' : 'out');
      const received = receivedAt(index, last);
      expect(plain(row?.[8] ?? null)).toBe(
        received >= 1e6
          ? `${Number((received / 1e6).toPrecision(3))} MB`
          : `${Number((received / 1e3).toPrecision(3))} kB`,
      );
      expect(plain(row?.[9] ?? null)).toBe(
        index < 9 ? `${100 * (index + 1)} B/s` : `${(100 * (index + 1)) / 1_000} kB/s`,
      );
    }
    // The heaviest first; then the first click sorts upwards.
    expect(rows[0]?.[0]).toBe(peerAddress(11));
    expect(rows.find(([address]) => address === peerAddress(0))?.[3]).toBe(EVIL_AGENT);
    expect(await page.locator('#node img, #node script').count()).toBe(0);
    const sort = page.locator('#node .sort', { hasText: 'Ban score' });
    await sort.click();
    await sort.click();
    const worst = await cellsOf(page, '#node [aria-label="Peers of the watched node"]');
    expect([worst[0]?.[0], worst[0]?.[12]]).toEqual([peerAddress(5), '61']);
  });

  it('opens on the watched node, and the visitor switches between both', async () => {
    const page = await open();
    const select = page.locator('#choose-node');
    expect(await select.inputValue()).toBe(WATCHED);
    expect(await select.locator('option').allTextContents()).toEqual([`${WATCHED} (watched)`, LISTENER]);
    const whose = (name: string): Promise<string | null> =>
      page.locator(`#panel-${name} .panel-head .unit`).last().textContent();
    await page.click('#sections a[href="#traffic"]');
    await until('the bandwidth of the watched node', async () => (await whose('bandwidth')) === WATCHED);
    await select.selectOption(LISTENER);
    expect(new URL(page.url()).searchParams.get('node')).toBe(LISTENER);
    await until('the bandwidth of the listener', async () => (await whose('bandwidth')) === LISTENER);
    // The section stays that of the watched node.
    await page.click('#sections a[href="#node"]');
    expect(await figure(page, 'Watched node')).toBe(`Up${WATCHED}`);
    await page.goBack();
    await page.goBack();
    await until('the node before', async () => (await select.inputValue()) === WATCHED);
  });

  it('offers example queries about the node that is shown', async () => {
    const page = await open();
    await page.click('#nav-query a');
    await page.waitForSelector('#q-series option', { state: 'attached' });
    await page.click('#q-examples button >> nth=1');
    expect(await page.inputValue('#q-where')).toBe(`node = '${WATCHED}'`);
    await page.click('#q-run');
    await page.waitForSelector('#q-tools:not([hidden])');
  });

  it('can be used by keyboard alone', async () => {
    const page = await open();
    await page.focus('#sections a[href="#node"]');
    await page.keyboard.press('Enter');
    await tabTo(page, '#node .sort');
    await page.keyboard.press('Enter');
    const addresses = await page
      .locator('#node [aria-label="Peers of the watched node"] tbody td:first-child')
      .allTextContents();
    expect(addresses).toEqual(addresses.toSorted((a, b) => a.localeCompare(b, 'en')));
  });

  it('passes axe, light, dark and on a phone', async () => {
    const page = await open('?range=1h', { viewport: { width: 1280, height: 6_000 } });
    await until('the panels of the node', async () => {
      const messages = await page.locator('#node .panel-message').allTextContents();
      return messages.length > 20 && messages.every((text) => text === '');
    });
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  });

  it('is not there in a store without a watched node', async () => {
    const other = await servedPage(cleanup, { assets: ASSETS });
    const found = await openPage(browser, other.url.replace(/\/$/, ''));
    opened.push(found);
    await found.page.goto(other.url);
    await found.page.locator('#chain').waitFor();
    expect(await found.page.locator('#node').isVisible()).toBe(false);
    expect(await found.page.locator('#sections a[href="#node"]').isVisible()).toBe(false);
  });
});
