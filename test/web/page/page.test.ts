import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PANELS } from '../../../src/panels/list';
import type { AnswerRows, Cell, Status } from '../../../src/web/page/api-types';
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
const NOTHING_TO_SEE = [
  ...['points-lost', 'points-damaged', 'points-shed', 'log-lost', 'stalls', 'clock-steps'],
  'alerts',
  // No network is joined.
  'feelers',
  // The crawls are older than the range.
  ...PANELS.filter(({ lines }) => lines.some(({ series }) => series === 'crawls')).map(({ name }) => name),
];

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

  const open = async (
    search = '',
    tab = 'chain',
    options: Parameters<typeof openPage>[2] = {},
  ): Promise<Page> => {
    const opened = await openPage(browser, url, options);
    watched.push(opened);
    await opened.page.goto(`${url}/${search}#${tab}`);
    await opened.page.locator(`#${tab}`).waitFor();
    return opened.page;
  };
  const fixed = (): string => `?from=${range.from}&to=${range.to}`;
  const settled = async (page: Page, name: string): Promise<void> => {
    await page.evaluate((id) => {
      if (location.hash !== `#${id}`) location.hash = id;
    }, `panel-${name}`);
    await page.waitForFunction(
      (id) => document.getElementById(id)?.querySelector('.panel-message')?.textContent !== 'Loading',
      `panel-${name}`,
    );
    // Panels with nothing to show stand behind a line.
    await page.evaluate(() => {
      for (const line of document.querySelectorAll('details.silent')) line.setAttribute('open', '');
    });
  };

  beforeAll(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-page-')), (name) =>
      rm(name, { recursive: true }),
    );
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    run = await startPanelRun(folder, { args: ['--http', `127.0.0.1:${port}`] }, cleanup);
    const to = Math.ceil(Date.now() / 5_000) * 5_000;
    // Points are stored in the order in which they are made.
    await until('the range to be over, and its points stored', async () => {
      const { newestMs } = (await (await fetch(`${url}/api/info`)).json()) as Status;
      return Number(newestMs) > to + 2_000;
    });
    range = { from: new Date(to - 90_000).toISOString(), to: new Date(to).toISOString() };
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());

  afterEach(async () => {
    const found = watched.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors())).toEqual([]);
    expect(found.flatMap(({ strangers }) => strangers)).toEqual([]);
  });

  it('draws every panel, with the values of the store', async () => {
    const page = await open(fixed(), 'chain', { viewport: ALL_IN_SIGHT });
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
        // The lines are drawn after the message has gone.
        if (!NOTHING_TO_SEE.includes(name))
          await until('the lines', () => isDrawn(page, name), { ms: 40_000 }).catch(() => blank.push(name));
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
    await settled(page, 'bandwidth');
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
    const page = await open('', 'query');
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
    const page = await open('', 'query');
    await page.check('input[value="sql"]', { force: true });
    await page.fill('#q-raw', 'DROP TABLE blocks');
    await page.click('#q-run');
    await page.waitForSelector('#q-status.failed');
    expect(await page.textContent('#q-status')).toMatch(/^the statement is read-only/);
    watched[0]?.provoked.add(400);
  });

  it('can be used by keyboard alone', async () => {
    const page = await open('', 'now');
    await tabTo(page, 'input[name="range"]');
    await page.keyboard.press('ArrowRight');
    await until('the range to be in the address', () => page.url().includes('range='));
    // A store of some minutes is shown from its begin: that is the last choice, and the first one follows.
    expect(new URL(page.url()).searchParams.get('range')).toBe('15m');

    await page.waitForSelector('#peer-table tbody tr');
    await tabTo(page, '#peer-table .sort');
    await page.keyboard.press('Enter');
    const addresses = await page.locator('#peer-table tbody td:first-child').allTextContents();
    expect(await page.getAttribute('#peer-table th:first-child', 'aria-sort')).toBe('ascending');
    expect(addresses).toEqual(addresses.toSorted((a, b) => a.localeCompare(b, 'en')));

    await page.keyboard.press('Control+k');
    await page.keyboard.type('chain height');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel-chain-height:not(.waiting)');
    expect(new URL(page.url()).hash).toBe('#panel-chain-height');
    await tabTo(page, '#panel-chain-height .tool.large');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel-chain-height.alone');
    expect(await page.locator('#chain .panel:visible').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.waitForSelector('#panel-chain-height:not(.alone)');
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
    const page = await open(`?range=6h&node=${PANEL_NODE}`, 'propagation');
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

  it('asks for the panels of the open tab alone, and shows which tab that is', async () => {
    const asked = new Set<string>();
    const opened = await openPage(browser, url, { viewport: ALL_IN_SIGHT });
    watched.push(opened);
    const { page } = opened;
    page.on('request', (request) => {
      const [, name] = /\/api\/panels\/([a-z0-9-]+)\?/.exec(request.url()) ?? [];
      if (name !== undefined && name !== 'clock-steps') asked.add(name);
    });
    const namesOf = (theme: string): string[] =>
      PANELS.filter((panel) => panel.theme === theme)
        .map(({ name }) => name)
        .sort();
    const shownTab = (): Promise<string | null> => page.textContent('#sections [aria-current="page"]');
    await page.goto(url);
    await page.waitForSelector('#sections a[href="#chain"]');
    await page.waitForSelector('#peer-table tbody tr');
    expect([...asked]).toEqual([]);
    expect(await shownTab()).toBe('Now');

    await page.click('#sections a[href="#chain"]');
    await until('the panels of the chain', () => asked.size === namesOf('chain').length);
    expect([...asked].sort()).toEqual(namesOf('chain'));
    expect(await shownTab()).toBe('Chain');
    expect(await page.locator('main section:visible').count()).toBe(1);

    asked.clear();
    await page.click('#sections a[href="#fees"]');
    await until('the panels of fees', () => namesOf('fees').every((name) => asked.has(name)));
    await page.goBack();
    await page.waitForSelector('#chain:not([hidden])');
    expect(await shownTab()).toBe('Chain');
    await page.reload();
    await page.waitForSelector('#chain:not([hidden])');
  });

  it('fills the width, and puts panels without data behind one line', async () => {
    const page = await open(fixed());
    const holes = (): Promise<number> =>
      page.evaluate(() => {
        const grid = document.querySelector('main section:not([hidden]) > .panels');
        if (grid === null) return -1;
        const rows = new Map<number, number>();
        for (const panel of grid.children) {
          const { top, right } = panel.getBoundingClientRect();
          rows.set(top, Math.max(rows.get(top) ?? 0, right));
        }
        const { right } = grid.getBoundingClientRect();
        return [...rows.values()].filter((end) => right - end > 1).length;
      });
    for (const theme of [
      'chain',
      'mempool',
      'fees',
      'transactions',
      'propagation',
      'traffic',
      'peers',
      'health',
    ]) {
      await page.click(`#sections a[href="#${theme}"]`);
      await page.waitForFunction(
        (id) =>
          document.querySelector(`#${id} .panel`) !== null &&
          document.querySelector(`#${id} .panel.waiting`) === null,
        theme,
      );
      for (const width of [1_440, 1_000, 600]) {
        await page.setViewportSize({ width, height: 900 });
        expect({ theme, width, holes: await holes() }).toEqual({ theme, width, holes: 0 });
      }
      await page.setViewportSize({ width: 1_280, height: 900 });
    }
    const line = page.locator('#health details.fold-nothing');
    // The panels are moved after the last of them has answered.
    await line.locator('summary', { hasText: /^\d panels have nothing to show in this range$/ }).waitFor();
    expect(await line.locator('.panel').first().isVisible()).toBe(false);
    await line.locator('summary').click();
    expect(await line.locator('#panel-points-lost').isVisible()).toBe(true);
  });

  it('shows nothing of an old query under a new one', async () => {
    const page = await open(fixed());
    await settled(page, 'chain-height');
    await page.route('**/api/panels/chain-height?*', () => undefined);
    await page.check('#range-15m', { force: true });
    await page.waitForSelector('#panel-chain-height.waiting');
    expect(await page.textContent('#panel-chain-height .panel-message')).toBe('Loading');
    expect(await page.locator('#panel-chain-height .chart').isVisible()).toBe(false);

    await page.click('#nav-query a');
    await page.waitForSelector('#q-series option', { state: 'attached' });
    await page.click('#q-run');
    await page.waitForSelector('#q-result .scroll, #q-result .chart');
    await page.click('#q-examples button >> nth=4');
    expect(await page.locator('#q-result > *').count()).toBe(0);
    expect(await page.textContent('#q-status')).toBe('');
  });

  it.each(['now', ...new Set(SHOWN.map(({ theme }) => theme)), 'query'])(
    'passes axe in the tab %s, light, dark and on a phone',
    async (tab) => {
      const page = await open(fixed(), tab);
      // A tab without panels has none that waits, either.
      if (SHOWN.some(({ theme }) => theme === tab))
        await page.waitForFunction(
          (id) =>
            document.querySelector(`#${id} .panel`) !== null &&
            document.querySelector(`#${id} .panel.waiting`) === null,
          tab,
        );
      if (tab === 'now') await page.waitForSelector('#peer-table tbody tr');
      if (tab === 'mempool') {
        await page.click('#panel-mempool-count .tool[aria-expanded]');
        await page.click('#panel-mempool-size .tool[aria-pressed]');
      }
      if (tab === 'query') {
        await page.waitForSelector('#q-series option', { state: 'attached' });
        await page.click('#q-run');
        await page.waitForSelector('#q-tools:not([hidden])');
      }
      await page.fill('#jump', 'block');
      expect(await violations(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 800 });
      expect(await violations(page)).toEqual([]);
      expect(
        await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      ).toBeLessThanOrEqual(0);
    },
  );

  it('keeps the chosen theme', async () => {
    const page = await open();
    await page.click('.theme');
    await page.click('.theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    await page.reload();
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  });
});
