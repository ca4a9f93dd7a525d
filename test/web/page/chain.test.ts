import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { LiveChain, LiveTreeBlock } from '../../../src/live/live';
import type { Point } from '../../../src/metrics/point';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { FakeLive } from '../../support/fake-live';
import { until } from '../../support/until';
import { type Served, servedPage } from '../served';
import { cellsOf, tabTo, violations } from './looks';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');
const PHONE = { width: 390, height: 844 };
const DAY_MS = 86_400_000;
const TREE = '#chain [aria-label="Tree of the chain"]';
const POOLS = '#chain [aria-label="Pools"]';

const shaOf = (branch: number, height: number): string =>
  `${branch}${String(height).padStart(7, '0')}`.padStart(64, '0');
const plain = (text: string | null | undefined): string => (text ?? '').replaceAll(/[\u00a0\u202f]/g, ' ');

function blockOf(branch: number, height: number, more: Partial<LiveTreeBlock> = {}): LiveTreeBlock {
  return {
    ...{ sha: shaOf(branch, height), height, branch, timeMs: Date.now() - 600_000 * (103 - height) },
    ...{ below: shaOf(branch, height - 1), notDrawn: 0, isTip: false, reason: null },
    ...{ status: 'active', pool: 'Foundry USA', firstFrom: '192.0.2.1:8333', peers: 6, connected: 8 },
    ...more,
  };
}

/** A chain with a stale branch of one block, an invalid block and one of which the header alone is known. */
const FORKED: LiveChain = {
  blocks: [
    blockOf(0, 102, { isTip: true }),
    blockOf(0, 101, { pool: null, firstFrom: null, peers: null, connected: null }),
    blockOf(1, 101, { status: 'headers-only', isTip: true, below: shaOf(0, 100), pool: null, peers: 1 }),
    blockOf(0, 100),
    blockOf(2, 100, {
      ...{ status: 'valid-fork', isTip: true, below: shaOf(0, 99) },
      ...{ pool: 'unknown', firstFrom: '[2001:db8::1]:8333', peers: 3 },
    }),
    blockOf(0, 99, { below: shaOf(0, 4), notDrawn: 94 }),
    blockOf(3, 5, { status: 'invalid', isTip: true, below: shaOf(0, 4), reason: 'bad-cb-amount' }),
    blockOf(0, 4, { below: null }),
  ],
  ...{ branches: 3, moreBranches: 2, stale: 2, best: 102 },
};

/** Blocks of three days by two pools, some of them empty, and a stale one, which has no template. */
function minedPoints(nowMs: number): readonly Point[] {
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const mined = [
    [today - 2 * DAY_MS, 'ViaBTC', false],
    [today - 2 * DAY_MS + 1, 'AntPool', true],
    [today - DAY_MS, 'ViaBTC', false],
    [today, 'ViaBTC', true],
  ] as const;
  const cameWith = (ms: number, fields: Point['fields']): Point => ({
    ...{ series: 'processed_blocks', time: BigInt(ms) * 1_000_000n + 5n },
    ...{ tags: { node: 'tester', network: 'regtest' }, fields },
  });
  return [
    ...mined.flatMap(([ms, pool, isEmpty], at): readonly Point[] => [
      {
        series: 'block_templates',
        time: BigInt(ms) * 1_000_000n + 5n,
        tags: { node: 'tester', network: 'regtest', pool },
        fields: { height: 99 + at, is_empty: isEmpty, since_parent: 600_000, sha: shaOf(0, 99 + at) },
      },
      // An older version did not write the pool of the first one there.
      cameWith(ms, { status: 'accepted', ...(at === 0 ? {} : { pool }), sha: shaOf(0, 99 + at) }),
    ]),
    cameWith(today, { status: 'side_chain', pool: 'SpiderPool', sha: shaOf(4, 101) }),
    cameWith(today + 1, { status: 'duplicate', sha: shaOf(4, 101) }),
  ];
}

chromiumProgram.describe('the tree of the chain on the page', (program) => {
  const cleanup = new Cleanup();
  const opened: WatchedPage[] = [];
  const live = new FakeLive();
  const startMs = Date.now();
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    served = await servedPage(cleanup, { live, points: minedPoints(startMs), assets: ASSETS });
    browser = await startChromium(program, cleanup);
  });
  beforeEach(() => (live.tree = FORKED));
  afterAll(() => cleanup.run());
  afterEach(async () => {
    const found = opened.splice(0);
    for (const { context } of found) await context.close();
    expect(found.flatMap(({ errors }) => errors())).toEqual([]);
    expect(found.flatMap(({ strangers }) => strangers)).toEqual([]);
  });
  const open = async (options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const found = await openPage(browser, served.url.replace(/\/$/, ''), options);
    opened.push(found);
    await found.page.goto(`${served.url}#chain`);
    await found.page.waitForSelector(`${TREE} tbody tr`);
    await found.page.waitForSelector(`${POOLS} tbody tr`);
    return found.page;
  };

  it('has a row for each block: what became of it, its miner, who announced it, how far it spread', async () => {
    const page = await open();
    const rows = await page
      .locator(`${TREE} tbody tr`)
      .evaluateAll((all) =>
        all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
      );
    expect(rows.map((cells) => cells.slice(1, 6).map(plain))).toEqual([
      ['102', 'best block', 'Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
      ['101', 'in the best chain', '–', '–', '–'],
      ['101', 'headers only', '–', '192.0.2.1:8333', '1 of 8, 13 %'],
      ['100', 'in the best chain', 'Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
      ['100', 'stale', 'unknown', '[2001:db8::1]:8333', '3 of 8, 38 %'],
      ['99', 'in the best chain', 'Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
      ['94 more blocks'],
      ['5', 'invalid: bad-cb-amount', 'Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
      ['4', 'in the best chain', 'Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
    ]);
    expect(plain(await page.locator('#chain .tree > p').textContent())).toBe(
      'Of the last 102 heights: 5 branches, 2 stale blocks (1.92 %). The 3 highest are drawn.',
    );
    // The drawing has a circle for each block, and the lane of a branch is beside that of the chain.
    const circles = await page
      .locator(`${TREE} circle`)
      .evaluateAll((all) => all.map((it) => Number(it.getAttribute('cx')) / 16 - 0.5));
    expect(circles).toEqual([0, 0, 1, 0, 1, 0, 1, 0]);
  });

  it('leads to what is known of a block and of the peer that announced it', async () => {
    const page = await open();
    await page.locator(`${TREE} tbody a`, { hasText: '102' }).first().click();
    expect(await page.evaluate(() => location.hash)).toBe(`#why-${shaOf(0, 102)}`);
    await page.goBack();
    await page.locator(`${TREE} a:text-is("[2001:db8::1]:8333")`).click();
    expect(await page.evaluate(() => decodeURIComponent(location.hash))).toBe('#why-[2001:db8::1]:8333');
  });

  it('shows a new block, and keeps the focus where it is', async () => {
    const page = await open();
    await page
      .locator(`${TREE} a[href="#why-${shaOf(0, 99)}"]`)
      .first()
      .focus();
    live.tree = {
      ...FORKED,
      blocks: [blockOf(0, 103, { isTip: true }), blockOf(0, 102), ...FORKED.blocks.slice(1)],
    };
    live.tell({ kind: 'block', block: { ...live.blocks()[0], sha: shaOf(0, 103) } as never });
    await until('the new block', async () =>
      plain(await page.locator(`${TREE} tbody tr`).first().textContent()).includes('103'),
    );
    expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toBe(
      `#why-${shaOf(0, 99)}`,
    );
  });

  it('looks like a chain where nothing branches off', async () => {
    const blocks = Array.from({ length: 12 }, (_, i) => blockOf(0, 102 - i, { isTip: i === 0 }));
    live.tree = { blocks, branches: 0, moreBranches: 0, stale: 0, best: 102 };
    const page = await open();
    expect(await page.locator(`${TREE} tbody tr`).count()).toBe(12);
    expect(await page.locator(`${TREE} circle`).count()).toBe(12);
    expect(plain(await page.locator('#chain .tree > p').textContent())).toBe(
      'Of the last 102 heights: no branch beside the best chain is known.',
    );
  });

  it('takes from the store what was before the start of the node', async () => {
    const unknown = { pool: null, firstFrom: null, peers: null, connected: null };
    const blocks = [
      blockOf(0, 102, { isTip: true }),
      blockOf(0, 101, { ...unknown, pool: 'Luxor' }),
      blockOf(4, 101, { ...unknown, status: 'valid-fork', isTip: true, below: shaOf(0, 100) }),
      blockOf(0, 100, unknown),
      blockOf(0, 99, { ...unknown, below: null, timeMs: Date.now() - 3 * DAY_MS }),
    ];
    live.tree = { blocks, branches: 1, moreBranches: 0, stale: 1, best: 102 };
    await served.exporter.write(
      [100, 101, 102].map((height) => ({
        ...{ series: 'propagation' as const, time: BigInt(Date.now() - 60_000 + height) * 1_000_000n },
        tags: { node: 'tester', network: 'regtest', kind: 'block' },
        fields: { first_peer: `198.51.100.${height}:8333`, peers: 5, sha: shaOf(0, height) },
      })),
    );
    const page = await open();
    const rows = async (): Promise<readonly (readonly string[])[]> =>
      (
        await page
          .locator(`${TREE} tbody tr`)
          .evaluateAll((all) =>
            all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
          )
      ).map((cells) => cells.slice(3, 6).map(plain));
    // Pools and peers are asked for apart.
    await until('the points of the store', async () => {
      const [, second, third, fourth, fifth] = await rows();
      return [second?.[0], second?.[1], third?.[0], fourth?.[0], fourth?.[1], fifth?.[0]].every(
        (text) => text !== '–',
      );
    });
    expect(await rows()).toEqual([
      ['Foundry USA', '192.0.2.1:8333', '6 of 8, 75 %'],
      ['Luxor', '198.51.100.101:8333', '5'],
      ['SpiderPool', '–', '–'],
      ['AntPool', '198.51.100.100:8333', '5'],
      ['ViaBTC', '–', '–'],
    ]);
  });

  it('counts the blocks of each pool by day, with their share', async () => {
    const page = await open();
    const days = await page.locator(`${POOLS} thead th`).allTextContents();
    // The days are those of the points, whatever day it has become since.
    const day = (before: number): string => new Date(startMs - before * DAY_MS).toISOString().slice(5, 10);
    expect(days).toEqual(['Pool', 'Blocks', 'Empty', day(2), day(1), day(0)]);
    const rows = await page
      .locator(`${POOLS} tbody tr`)
      .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent)));
    expect(rows.map((cells) => cells.map(plain))).toEqual([
      ['ViaBTC', '375 %', '1', '150 %', '1100 %', '1100 %'],
      ['AntPool', '125 %', '1', '150 %', '00 %', '00 %'],
      ['All', '4', '2', '2', '1', '1'],
      ['Mean time between blocks', '', '', '10 min', '10 min', '10 min'],
    ]);
    expect((await cellsOf(page, POOLS))[0]?.slice(1, 4)).toEqual(['3', '1', '1']);
  });

  it('is used by keyboard alone', async () => {
    const page = await open();
    await tabTo(page, '#sections a[href="#chain"]');
    await tabTo(page, `${TREE} tbody a`);
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => location.hash)).toBe(`#why-${shaOf(0, 102)}`);
  });

  it.each([
    ['wide and light', { colorScheme: 'light' }],
    ['wide and dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: PHONE }],
    ['on a dark phone', { viewport: PHONE, colorScheme: 'dark' }],
  ] as const)('has no fault that axe finds, and fits the window: %s', async (_, options) => {
    const page = await open(options);
    expect(await violations(page)).toEqual([]);
    const [scroll, client] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    expect(scroll).toBeLessThanOrEqual(client);
  });
});
