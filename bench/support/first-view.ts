import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Browser } from 'playwright-core';
import { chromiumProgram, startChromium } from '../../test/support/chromium';
import { Cleanup } from '../../test/support/cleanup';
import { BIN } from '../../test/support/program';

/** The part of the browser's `document` that a function uses which runs in the page. */
declare const document: {
  querySelectorAll(selector: string): { readonly length: number };
  querySelector(selector: string): unknown;
};

const SIZE = { width: 1_440, height: 900 };
const DAY_MS = 86_400_000;

/** The tabs that are opened: the one that a store opens with, and the one with the most data. */
const TABS = ['chain', 'traffic'];

/**
 * Measures how long a person waits for the page in a real Chromium, from the entered address until every
 * panel of the open tab is drawn. Opens the page over the store `file` at ranges that end at `endMs`, each in
 * a new window, and prints the time of each.
 */
export async function firstViews(file: string, endMs: number, days: number): Promise<void> {
  const { path: program } = chromiumProgram;
  if (program === null) {
    console.log('page: not measured in a browser: Chromium was not found; set CHROMIUM_BIN to its path');
    return;
  }
  const args = ['serve', '--from', `duckdb:${file}`, '--http', '127.0.0.1:0'];
  const server = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const cleanup = new Cleanup();
  try {
    const origin = await originIn(server.stderr);
    const browser = await startChromium(program, cleanup);
    // The first range comes twice: at first the store and the browser have just been opened.
    for (const range of [days, days, 7, 1, 1 / 24]) {
      const from = new Date(endMs - range * DAY_MS).toISOString();
      const to = new Date(endMs).toISOString();
      for (const tab of TABS) {
        const { ms, panels } = await view(browser, `${origin}/?from=${from}&to=${to}#${tab}`);
        console.log(
          `page: ${tab}, ${(range * 24).toFixed(0)} h: ${panels} panels drawn after ${ms.toFixed(0)} ms`,
        );
      }
    }
  } finally {
    await cleanup.run();
    server.kill();
  }
}

/** The address of the page, from the log. */
async function originIn(log: Readable): Promise<string> {
  let text = '';
  for await (const chunk of log) {
    text += String(chunk);
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error(`serve ended: ${text}`);
}

async function view(
  browser: Browser,
  url: string,
): Promise<{ readonly ms: number; readonly panels: number }> {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(url);
  // A panel waits until it is drawn. In the page `performance.now()` counts from the start
  // of the navigation.
  const handle = await page.waitForFunction(() => {
    const panels = document.querySelectorAll('main section:not([hidden]) .panel canvas').length;
    const waiting = document.querySelector('main section:not([hidden]) .panel.waiting');
    // The tab of the chain has the blocks by pool and day as well.
    const table = document.querySelector('section:not([hidden]) > .chain-view');
    const isTold = table === null || document.querySelector('.chain-view .pools tbody tr') !== null;
    return panels > 0 && waiting === null && isTold ? { ms: performance.now(), panels } : false;
  });
  const drawn = await handle.jsonValue();
  await page.close();
  if (drawn === false) throw new Error('the page was not drawn');
  return drawn;
}
