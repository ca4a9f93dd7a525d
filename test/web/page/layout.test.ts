import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Point } from '../../../src/metrics/point';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { FakeLive, block, peer } from '../../support/fake-live';
import { until } from '../../support/until';
import { type Served, servedPage } from '../served';
import { highestColour } from './looks';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');
const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1366, height: 900 };
const NAMES = { node: 'tester', network: 'regtest' };

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A minute an hour ago: eight double spends in its second half, and one in each of the next five minutes. */
const crowdedMinute = (nowMs: number): number => Math.floor(nowMs / 60_000 - 60) * 60_000;

function doubleSpends(nowMs: number): readonly Point[] {
  const first = crowdedMinute(nowMs);
  const crowd = Array.from({ length: 8 }, (_, at) => first + 40_000 + at);
  return [...crowd, ...[1, 2, 3, 4, 5].map((minute) => first + minute * 60_000)].map((ms) => ({
    ...{ series: 'double_spends', time: BigInt(ms) * 1_000_000n, tags: NAMES },
    fields: { tx_id: 'a', conflicts_with: 'b', prev_out: 'c:0' },
  }));
}

/**
 * Three minutes of inventory, of addresses and of a mempool, of which there were none, and heights a minute
 * apart.
 */
function points(nowMs: number): readonly Point[] {
  return [3, 2, 1].flatMap((minutes): readonly Point[] => {
    const time = BigInt(nowMs - minutes * 60_000) * 1_000_000n;
    return [
      {
        ...{ series: 'inv', time, tags: NAMES },
        fields: {
          tx: 60,
          wtx: 120,
          block: 6,
          known: 30,
          requested: 90,
          notfound: 0,
          messages: 10,
          largest: 9,
        },
      },
      {
        ...{ series: 'addr_relay', time, tags: NAMES },
        fields: { ipv4: 0, ipv6: 0, torv3: 0, fresh: 0, month_old: 0 },
      },
      { series: 'mempool', time, tags: NAMES, fields: { num_tx: 0, num_orphans: 0, size: 0 } },
      { series: 'blocks', time, tags: NAMES, fields: { best_height: 900 - minutes, num_tx: 1, sha: 'a' } },
      { series: 'tx', time, tags: NAMES, fields: { vsize: 234, tx_size: 234, sha: 'b' } },
      { series: 'btcdmon', time, tags: NAMES, fields: { rss: 1 } },
    ] as readonly Point[];
  });
}

/** The first and the last column of a picture that has a colour, and how many do. Lines are coloured. */
function colouredColumns(canvas: HTMLElement | SVGElement): { first: number; last: number; count: number } {
  if (!(canvas instanceof HTMLCanvasElement)) return { first: 0, last: 0, count: 0 };
  const { width, height } = canvas;
  const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
  const found: number[] = [];
  for (let x = 0; x < width; x++)
    for (let y = 0; y < height; y++) {
      const at = (y * width + x) * 4;
      const [red = 0, green = 0, blue = 0, alpha = 0] = [data[at], data[at + 1], data[at + 2], data[at + 3]];
      if (alpha < 100 || Math.max(red, green, blue) - Math.min(red, green, blue) < 40) continue;
      found.push(x);
      break;
    }
  return { first: found[0] ?? 0, last: found.at(-1) ?? 0, count: found.length };
}

/** The coloured columns of a panel's picture, which on a busy machine is drawn after its legend. */
function drawn(panel: Locator): Promise<ReturnType<typeof colouredColumns>> {
  return until('the line', async () => {
    const columns = await panel.locator('canvas').evaluate(colouredColumns);
    return columns.count > 20 ? columns : undefined;
  });
}

chromiumProgram.describe('the layout of the page', (program) => {
  const cleanup = new Cleanup();
  const opened: WatchedPage[] = [];
  const live = new FakeLive();
  const startMs = Date.now();
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    live.list = [1, 2, 3, 4].map(peer);
    live.blocks = () =>
      [900, 899, 898].map((height) => ({
        ...block(height),
        ...{ status: height === 899 ? 'side_chain' : 'accepted', firstFrom: '192.0.2.1:8333' },
        ...{ totalFees: 12_345_678, numTx: 1_234, processMs: 123.4, size: 1_234_567 },
      }));
    served = await servedPage(cleanup, {
      ...{ live, assets: ASSETS },
      points: [...points(startMs), ...doubleSpends(startMs)],
    });
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());
  afterEach(async () => {
    const found = opened.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors())).toEqual([]);
  });
  /** The points are of the last three of these minutes, however long the tests take. */
  const quarter = `from=${isoTime(startMs - 900_000)}&to=${isoTime(startMs)}`;
  const open = async (tab: string, viewport = LAPTOP, range = quarter): Promise<Page> => {
    const found = await openPage(browser, served.url.replace(/\/$/, ''), { viewport });
    opened.push(found);
    await found.page.goto(`${served.url}?${range}&node=tester#${tab}`);
    await found.page.waitForSelector(`#${tab}:not([hidden])`);
    return found.page;
  };

  it('shows the whole title of every panel, on a phone too', async () => {
    for (const viewport of [PHONE, LAPTOP]) {
      const page = await open('mempool', viewport);
      for (const tab of ['mempool', 'peers', 'chain', 'fees', 'transactions', 'traffic', 'health']) {
        await page.evaluate((id) => (location.hash = id), tab);
        await page.waitForSelector(`#${tab} .panel`, { state: 'attached' });
        const cut = await page.locator(`#${tab} .panel-head`).evaluateAll((heads) =>
          heads.flatMap((head) => {
            const title = head.querySelector('h3');
            const [own, tools] = [title, head.querySelector('.tools')].map((it) =>
              it?.getBoundingClientRect(),
            );
            if (title === null || own === undefined || tools === undefined || own.width === 0) return [];
            // An inline element has no size of its own, so its box is that of its lines.
            const style = getComputedStyle(title);
            const isCut = style.textOverflow === 'ellipsis' && title.scrollWidth > title.clientWidth;
            return isCut || own.right > tools.left ? [title.textContent] : [];
          }),
        );
        expect({ viewport, tab, cut }).toEqual({ viewport, tab, cut: [] });
      }
    }
  });

  it('says how many lines a legend has where it does not show all, and names those without a value', async () => {
    const page = await open('mempool');
    const legend = page.locator('#panel-smart-relay .legend');
    await until('its lines', async () => (await legend.locator('.legend-entry').count()) === 5);
    const { isCut, said, shadow } = await legend.evaluate((it) => ({
      isCut: it.scrollHeight > it.clientHeight,
      said: it.querySelector('.legend-head')?.textContent,
      shadow: getComputedStyle(it).backgroundAttachment,
    }));
    expect({ isCut, said }).toEqual({ isCut: true, said: '5 lineslastmeanmax' });
    expect(shadow).toContain('scroll');
    expect(await legend.locator('.legend-silent').textContent()).toBe('Nothing of: not found');
    const whole = page.locator('#panel-inv-largest .legend');
    await until('its line', async () => (await whole.locator('.legend-entry').count()) === 1);
    expect(await whole.locator('.legend-head').textContent()).toBe('lastmeanmax');
    expect(await whole.evaluate((it) => it.scrollHeight > it.clientHeight)).toBe(false);
  });

  it('folds stacks and sums of zeros with what has nothing to show', async () => {
    const page = await open('peers');
    for (const name of ['address-relay', 'address-ages'])
      await page.locator(`#peers .silent #panel-${name}`).waitFor({ state: 'attached' });
  });

  it('folds what was always measured as 0 into a line that names it', async () => {
    const page = await open('mempool');
    // The panels are moved after the last of them has answered.
    const line = page.locator('#mempool .silent', { has: page.locator('#panel-mempool-count') });
    const words = /^Always 0 in this range: Mempool transactions, Mempool size$/;
    await line.locator('summary', { hasText: words }).waitFor();
    expect(await line.locator('#panel-mempool-count').isVisible()).toBe(false);
    await line.locator('summary').click();
    expect(await line.locator('#panel-mempool-count').isVisible()).toBe(true);
  });

  it('draws the whole bar of a bucket that begins before the range', async () => {
    const first = crowdedMinute(startMs);
    const [from = '', to = ''] = [first + 30_000, first + 360_000].map(isoTime);
    const page = await open('mempool', LAPTOP, `from=${from}&to=${to}`);
    const panel = page.locator('#panel-double-spends');
    await until('the bars', async () => ((await panel.locator('.legend').textContent()) ?? '').includes('8'));
    const height = await until('their picture', async () => {
      const highest = await highestColour(page, 'double-spends');
      return highest < 1 && highest;
    });
    expect(height).toBeGreaterThan(0.02);
    expect(height).toBeLessThan(0.2);
  });

  it('draws a height until the next one, as a level line', async () => {
    const page = await open('chain');
    const panel = page.locator('#panel-chain-height');
    await until('the heights', async () =>
      ((await panel.locator('.legend').textContent()) ?? '').includes('899'),
    );
    // From the first height to the last, three minutes of fifteen, no column of the picture is empty.
    const { first, last, count } = await drawn(panel);
    expect(count).toBe(last - first + 1);
  });

  it('draws the value of a bucket that is longer than the range through the range', async () => {
    const page = await open('transactions');
    const panel = page.locator('#panel-transaction-size');
    await until('the sizes', async () =>
      ((await panel.locator('.legend').textContent()) ?? '').includes('234'),
    );
    const { first, last, count } = await drawn(panel);
    expect(count).toBe(last - first + 1);
  });

  it('has cards of blocks without an empty line, with the status of one that is not in the best chain', async () => {
    for (const viewport of [PHONE, LAPTOP]) {
      const page = await open('now', viewport);
      await page.waitForSelector('#block-strip .block');
      const rest = await page
        .locator('#block-strip .block')
        .evaluateAll((cards) =>
          cards.map((card) =>
            Math.round(
              card.getBoundingClientRect().bottom -
                (card.lastElementChild?.getBoundingClientRect().bottom ?? 0),
            ),
          ),
        );
      expect(rest).toHaveLength(3);
      for (const px of rest) {
        expect(px).toBeGreaterThan(3);
        expect(px).toBeLessThan(15);
      }
      expect(await page.locator('#block-strip .block-status').allTextContents()).toEqual(['side chain']);
    }
  });

  it('has a table of peers that is as high as its rows, and tables that fit beside each other', async () => {
    for (const width of [1_280, 1_366, 1_920]) {
      const page = await open('now', { width, height: 900 });
      await page.waitForSelector('#peer-table tbody tr');
      const [table, scroll] = await Promise.all(
        ['#peer-table table', '#peer-table .scroll'].map((selector) => page.locator(selector).boundingBox()),
      );
      expect((scroll?.height ?? 0) - (table?.height ?? 0)).toBeLessThan(4);
      const wider = await page
        .locator('#last-blocks .scroll, #last-transactions .scroll, #peer-table .scroll')
        .evaluateAll((all) => all.map((it) => it.scrollWidth - it.clientWidth));
      expect({ width, wider }).toEqual({ width, wider: [0, 0, 0] });
    }
  });

  it('has tabs and tools in one line on a laptop, for a node of several', async () => {
    const page = await open('now', LAPTOP, 'range=15m');
    await page.waitForSelector('#sections a[href="#health"]');
    await page.locator('#label-node').waitFor();
    expect((await page.locator('.bar').boundingBox())?.height).toBeLessThan(60);
  });
});
