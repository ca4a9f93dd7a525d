import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PANELS } from '../../../src/panels/list';
import type { AnswerRows, Cell } from '../../../src/web/page/api-types';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { freePort } from '../../support/free-port';
import { PANEL_NODE, type PanelRun, startPanelRun } from '../../support/panel-run';
import { outputOf } from '../../support/program';
import { until } from '../../support/until';
import { cellsOf, isDrawn, tabTo, violations } from './looks';

/** High enough for the whole page, so that every panel is loaded at once. */
const ALL_IN_SIGHT = { width: 1280, height: 9_000 };

/** Rows of a table in a panel. */
const MOST_ROWS = 500;

/** Nothing is watched in this run, so the section of watched nodes is hidden; node.test.ts looks at it. */
const SHOWN = PANELS.filter(({ theme }) => theme !== 'node');

/** Panels without data in this run: no rows, or bars of zeros. */
const NOTHING_TO_SEE = ['points-lost', 'points-damaged', 'points-shed', 'log-lost', 'stalls', 'clock-steps'];

const text = (value: Cell): string | null => (value === null ? null : String(value));
const sorted = (rows: readonly (readonly (string | null)[])[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort();

chromiumProgram.describe('the page', (program) => {
  const cleanup = new Cleanup();
  const watched: WatchedPage[] = [];
  let folder: string;
  let run: PanelRun;
  let browser: Browser;
  let url: string;
  /** The last minute and a half, fixed, so that every request gets the same. */
  let range: { readonly from: string; readonly to: string };

  const open = async (search = '', options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const opened = await openPage(browser, url, options);
    watched.push(opened);
    await opened.page.goto(`${url}/${search}`);
    await opened.page.locator('#panel-chain-height').waitFor();
    return opened.page;
  };
  const fixed = (): string => `?from=${range.from}&to=${range.to}`;
  const settled = async (page: Page, name: string): Promise<void> => {
    await page.locator(`#panel-${name}`).evaluate((panel) => panel.scrollIntoView());
    await page.waitForFunction(
      (id) => document.getElementById(id)?.querySelector('.panel-message')?.textContent !== 'Loading',
      `panel-${name}`,
    );
  };

  beforeAll(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-page-')), (name) =>
      rm(name, { recursive: true }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    run = await startPanelRun(folder, { args: ['--http', `127.0.0.1:${port}`] }, cleanup);
    const to = Math.ceil(Date.now() / 5_000) * 5_000;
    await until('the range to be over, and its points stored', () => Date.now() > to + 2_000);
    range = { from: new Date(to - 90_000).toISOString(), to: new Date(to).toISOString() };
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());

  afterEach(async () => {
    const found = watched.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors)).toEqual([]);
    expect(found.flatMap(({ strangers }) => strangers)).toEqual([]);
  });

  it('draws every panel, with the values of the store', async () => {
    const page = await open(fixed(), { viewport: ALL_IN_SIGHT });
    const blank: string[] = [];
    for (const { name, plot } of SHOWN) {
      const answer = await fetch(`${url}/api/panels/${name}?since=${range.from}&until=${range.to}`);
      const { columns, rows } = (await answer.json()) as AnswerRows;
      const expected = rows.map((row) =>
        row.map((value, at) =>
          columns[at]?.type === 'time' ? new Date(Number(value)).toISOString() : text(value),
        ),
      );
      await settled(page, name);
      if (plot !== 'table') {
        if (!(await isDrawn(page, name)) && !NOTHING_TO_SEE.includes(name)) blank.push(name);
        await page.locator(`#panel-${name} .tool[aria-pressed]`).dispatchEvent('click');
      }
      const shown = sorted(await cellsOf(page, `#panel-${name}`));
      expect({ name, count: shown.length }).toEqual({ name, count: Math.min(MOST_ROWS, expected.length) });
      expect({ name, foreign: shown.filter((row) => !sorted(expected).includes(row)) }).toEqual({
        name,
        foreign: [],
      });
    }
    expect(blank).toEqual([]);
  });

  it.each(['mempool-size', 'output-types', 'user-agents'])(
    'shows for %s what its command returns',
    async (name) => {
      const page = await open(fixed());
      await settled(page, name);
      await page.click(`#panel-${name} .tool[aria-expanded]`);
      const command = (await page.locator(`#panel-${name} .command`).textContent()) ?? '';
      const json = await outputOf(
        [...command.split(' ').slice(1), '--from', `duckdb:${run.store}`, '--format', 'json'],
        folder,
      );
      const told = (JSON.parse(json) as Record<string, string | number | null>[]).map(
        ({ time, ...values }) => [
          ...(time === undefined ? [] : [new Date(String(time)).toISOString()]),
          ...Object.values(values).map(text),
        ],
      );
      if (name !== 'user-agents') await page.click(`#panel-${name} .tool[aria-pressed]`);
      const shown = await cellsOf(page, `#panel-${name}`);
      expect(sorted(shown)).toEqual(sorted(told));
      expect(shown.length).toBeGreaterThan(2);
    },
  );

  it('exports a panel as CSV', async () => {
    const page = await open(fixed());
    const download = page.waitForEvent('download');
    await page.click('#panel-bandwidth a[download]');
    const file = await (await download).path();
    const answer = await fetch(
      `${url}/api/panels/bandwidth?since=${range.from}&until=${range.to}&format=csv`,
    );
    const csv = await readFile(file, 'utf8');
    expect(csv).toBe(await answer.text());
    expect(csv).toMatch(/^time,received,sent\r\n/);
  });

  it('runs queries, shows them as table and plot, and exports them as CSV', async () => {
    const page = await open();
    await page.check('input[value="sql"]', { force: true });
    const sql = `SELECT time, best_height, sha FROM blocks WHERE time <= '${range.to}' ORDER BY time`;
    await page.fill('#q-raw', sql);
    await page.click('#q-run');
    await page.waitForSelector('#q-result table');
    const { rows } = (await (
      await fetch(`${url}/api/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ raw: sql }),
      })
    ).json()) as { readonly rows: readonly (readonly [number, number, string])[] };
    const shown = await cellsOf(page, '#q-result');
    expect(shown.map(([, ...rest]) => rest)).toEqual(
      rows.map(([, height, sha]) => [String(height), sha]).reverse(),
    );
    expect(await page.textContent('#q-status')).toMatch(/^\d+ rows?, in \d+/);

    const download = page.waitForEvent('download');
    await page.click('#q-csv');
    const text = await readFile(await (await download).path(), 'utf8');
    expect(text.trimEnd().split('\r\n')).toHaveLength(rows.length + 1);
    expect(text).toContain(rows[0]?.[2]);

    await page.check('input[value="form"]', { force: true });
    await page.click('#q-examples button >> nth=0');
    await page.click('#q-run');
    await page.waitForSelector('#q-result canvas');
    expect(await page.textContent('#q-command code')).toBe(
      'btcdmon-node query mempool --agg max size --every 1m --since 1h',
    );
  });

  it('shows in a line what is wrong with a query', async () => {
    const page = await open();
    await page.check('input[value="sql"]', { force: true });
    await page.fill('#q-raw', 'DROP TABLE blocks');
    await page.click('#q-run');
    await page.waitForSelector('#q-status.failed');
    expect(await page.textContent('#q-status')).toMatch(/read-only/);
    // The browser itself logs every answer that is an error.
    watched[0]?.errors.splice(0);
  });

  it('can be used by keyboard alone', async () => {
    const page = await open();
    await tabTo(page, 'input[name="range"]');
    await page.keyboard.press('ArrowRight');
    await until('the range to be in the address', () => page.url().includes('range='));
    expect(new URL(page.url()).searchParams.get('range')).toBe('1h');

    await page.waitForSelector('#peer-table tbody tr');
    await tabTo(page, '#peer-table .sort');
    await page.keyboard.press('Enter');
    const addresses = await page.locator('#peer-table tbody td:first-child').allTextContents();
    expect(await page.getAttribute('#peer-table th:first-child', 'aria-sort')).toBe('ascending');
    expect(addresses).toEqual(addresses.toSorted((a, b) => a.localeCompare(b, 'en')));

    await settled(page, 'chain-height');
    await tabTo(page, '#panel-chain-height .legend-entry');
    await page.keyboard.press('Space');
    expect(await page.getAttribute('#panel-chain-height .legend-entry', 'aria-pressed')).toBe('false');
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('#panel-chain-height .tooltip:not([hidden])');

    await page.focus('#nav-query a');
    await page.keyboard.press('Enter');
    await tabTo(page, 'input[name="q-mode"]');
    await page.keyboard.press('ArrowRight');
    await tabTo(page, '#q-raw');
    await page.keyboard.type('SELECT max(best_height) AS top FROM blocks');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('#q-result table');
    expect(await page.textContent('#q-result thead')).toBe('top');
  });

  it('stores a view in its address, and follows it back', async () => {
    const page = await open(`?range=6h&node=${PANEL_NODE}`);
    expect(await page.isChecked('#range-6h')).toBe(true);
    await page.check('#range-24h', { force: true });
    expect(new URL(page.url()).search).toBe(`?range=24h&node=${PANEL_NODE}`);
    await page.goBack();
    await until('the view before', () => page.isChecked('#range-6h'));
    expect(await page.getAttribute('#panel-ping a[download]', 'href')).toBe(
      `/api/panels/ping?since=6h&node=${PANEL_NODE}&format=csv`,
    );
  });

  it('shows that there are no points in a range', async () => {
    const page = await open('?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    await until('the panel to say so', async () => {
      const text = await page.textContent('#panel-chain-height .panel-message');
      return text === 'No points in this range.';
    });
  });

  it('passes axe, light, dark and on a phone', async () => {
    const page = await open(fixed(), { viewport: ALL_IN_SIGHT });
    await page.waitForSelector('#peer-table tbody tr');
    for (const { name } of SHOWN) await settled(page, name);
    await page.click('#panel-mempool-count .tool[aria-expanded]');
    await page.click('#panel-mempool-size .tool[aria-pressed]');
    await page.click('#q-run');
    await page.waitForSelector('#q-tools:not([hidden])');
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  });

  it('keeps the chosen theme', async () => {
    const page = await open();
    await page.click('.theme');
    await page.click('.theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.reload();
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  });
});
