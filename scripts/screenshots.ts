// Takes the screenshots of README.md and of the docs: the page (docs/images/page-*.png) and `top`
// (docs/images/top.png) in the demo's network with a watched btcd, and the page beside peers that replay the
// transactions of real blocks of mainnet (docs/images/replay-*.png), where these blocks are found. Both run
// for a quarter of an hour first, so that the panels of that range are full. `--minutes N` sets another time.
// `--url URL` takes the screenshots of a page of the demo's network that is already served. The browser is
// Debian's Chromium, or the one that CHROMIUM_BIN names.
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { btcd } from '../test/support/btcd';
import { chromiumProgram, startChromium } from '../test/support/chromium';
import { Cleanup } from '../test/support/cleanup';
import { sharedBlocks } from '../test/support/data';
import { script } from '../test/support/pty';
import type { Requirement } from '../test/support/requires';
import { until } from '../test/support/until';
import { startReplay } from './screenshots/replay';
import { startScene } from './screenshots/scene';
import { FRAME, topFrame } from './screenshots/top-frame';
import { endAllAtSignal } from './support/end-at-signal';
import { positiveNumber, usageError } from './support/options';

const IMAGES = path.join(__dirname, '..', 'docs', 'images');
const SETTLED_MS = 5_000;

/** Milliseconds that panels may take, on a busy machine. */
const LOADED_MS = 60_000;

/** Whether no panel in the window still loads, as an expression of the page. */
const NONE_LOADS = `[...document.querySelectorAll('.panels > *')].every((panel) => {
  const { top, bottom } = panel.getBoundingClientRect();
  return bottom <= top || bottom < 0 || top > innerHeight || !panel.textContent.includes('Loading');
})`;

/** What a tab has besides its panels, and what must be there before it is shown. */
const READY: Readonly<Record<string, string>> = {
  chain: '#chain [aria-label="Tree of the chain"] tbody tr',
  now: '#block-strip .block',
};

/** Whether the page no longer says that its store has not answered, as it does first on a busy machine. */
const STORE_ANSWERS = `!document.getElementById('notices').textContent.includes('has not answered')`;

/** GitHub does not show a larger picture at once. */
const MOST_BYTES = 400_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    url: { type: 'string' },
  },
});
const minutes = positiveNumber('screenshots', 'minutes', values.minutes);

/** A screenshot: its size, the node that is shown, and the tab that is open. */
interface Shot {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  readonly node: 'demo' | 'btcd' | 'replay';
  readonly tab: string;
  readonly scale: number;
}

const LIGHT = { colorScheme: 'light', width: 1440, scale: 1 } as const;

/** The screenshots of the demo's network. */
const SHOTS: readonly Shot[] = [
  { ...LIGHT, name: 'page-light', height: 1330, node: 'demo', tab: 'now' },
  { ...LIGHT, name: 'page-dark', colorScheme: 'dark', height: 1040, node: 'demo', tab: 'mempool' },
  { ...LIGHT, name: 'page-phone', width: 390, height: 844, node: 'demo', tab: 'now', scale: 2 },
  { ...LIGHT, name: 'page-node', height: 1330, node: 'btcd', tab: 'node' },
];

const REPLAY = { ...LIGHT, node: 'replay', tab: 'transactions' } as const;

/** The screenshots of the replay. */
const REPLAY_SHOTS: readonly Shot[] = [
  { ...REPLAY, name: 'replay-light', height: 1330 },
  { ...REPLAY, name: 'replay-dark', colorScheme: 'dark', height: 1040, tab: 'chain' },
  { ...REPLAY, name: 'replay-phone', width: 390, height: 844, scale: 2 },
];

/** Takes a picture of a page, or of the element `only` of it. */
async function shoot(
  browser: Browser,
  name: string,
  options: BrowserContextOptions,
  open: (page: Awaited<ReturnType<Browser['newPage']>>) => Promise<unknown>,
  only?: string,
): Promise<void> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  await open(page);
  const file = path.join(IMAGES, `${name}.png`);
  await (only === undefined ? page : page.locator(only)).screenshot({ path: file });
  const { size } = statSync(file);
  console.log(`${file}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) process.exitCode = 1;
  await context.close();
}

async function shootPage(browser: Browser, url: string, shots: readonly Shot[]): Promise<void> {
  for (const { name, colorScheme, width, height, node, tab, scale } of shots)
    await shoot(
      browser,
      name,
      { colorScheme, viewport: { width, height }, deviceScaleFactor: scale },
      async (page) => {
        await page.goto(`${url}/?range=15m&node=${node}#${tab}`);
        await page.waitForSelector('#peer-table tbody tr', { state: 'attached' });
        const ready = READY[tab];
        if (ready !== undefined) await page.waitForSelector(ready, { timeout: LOADED_MS });
        await until('the store to answer', () => page.evaluate<boolean>(STORE_ANSWERS), { ms: LOADED_MS });
        // After this time each visible panel has been loaded once more, and each table is filled.
        await sleep(SETTLED_MS);
        // The page's policy lets no text of a wait be evaluated within it.
        await until('every visible panel to be loaded', () => page.evaluate<boolean>(NONE_LOADS), {
          ms: LOADED_MS,
        });
      },
    );
}

function programOf({ name, path: program }: Requirement): string {
  return program ?? usageError('screenshots', `${name} was not found`);
}

async function main(): Promise<void> {
  const [chromium, node, terminal] = [programOf(chromiumProgram), programOf(btcd), programOf(script)];
  mkdirSync(IMAGES, { recursive: true });
  const cleanup = new Cleanup();
  endAllAtSignal(() => cleanup.run());
  try {
    const browser = await startChromium(chromium, cleanup, { heedsSignals: false });
    if (values.url !== undefined) {
      await shootPage(browser, values.url, SHOTS);
      return;
    }
    const scene = await startScene(node, cleanup);
    const blocks = sharedBlocks.path;
    if (blocks === null) console.log(`no replay-*.png: ${sharedBlocks.name} was not found`);
    const replay = blocks === null ? null : await startReplay(blocks, cleanup);
    console.log(`the demo's network runs for ${minutes} minutes`);
    await Promise.all([scene.run(minutes * 60_000), replay?.run(minutes * 60_000)]);
    await shootPage(browser, scene.url, SHOTS);
    if (replay !== null) await shootPage(browser, replay.url, REPLAY_SHOTS);
    const html = await topFrame(terminal, ['--data-dir', '.', '--node', 'btcd'], scene.folder);
    await shoot(
      browser,
      'top',
      { viewport: { width: 1000, height: 800 } },
      (page) => page.setContent(html),
      FRAME,
    );
  } finally {
    await cleanup.run();
  }
}

void main();
