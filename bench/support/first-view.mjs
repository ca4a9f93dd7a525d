// How long a person waits for the page: from the address typed to every panel in sight drawn, in a real
// Chromium.
/* global document -- of the browser */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const PROGRAM = fileURLToPath(new URL('../../bin/btcdmon-node', import.meta.url));
const BROWSER = process.env.CHROMIUM_BIN ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-sync',
];
const SIZE = { width: 1_440, height: 900 };
const DAY_MS = 86_400_000;

/**
 * Opens the page over the store `file` at ranges that end at `endMs`, each in a new tab; prints what each
 * took.
 */
export async function firstViews(file, endMs, days) {
  if (!existsSync(BROWSER)) {
    console.log('page: no Chromium (CHROMIUM_BIN), so no first view in a browser');
    return;
  }
  const server = spawn(process.execPath, [
    PROGRAM,
    'serve',
    '--from',
    `duckdb:${file}`,
    '--http',
    '127.0.0.1:0',
  ]);
  try {
    const origin = await addressOf(server);
    const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
    try {
      // The first one has the store and the browser just opened.
      for (const range of [days, days, 7, 1, 1 / 24]) {
        const from = new Date(endMs - range * DAY_MS).toISOString();
        const to = new Date(endMs).toISOString();
        const { ms, panels } = await view(browser, `${origin}/?from=${from}&to=${to}`);
        console.log(
          `page: ${(range * 24).toFixed(0)} h: ${panels} panels in sight drawn after ${ms.toFixed(0)} ms`,
        );
      }
    } finally {
      await browser.close();
    }
  } finally {
    server.kill();
  }
}

async function addressOf(server) {
  let text = '';
  for await (const chunk of server.stderr) {
    text += chunk;
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error(`serve ended: ${text}`);
}

async function view(browser, url) {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(url);
  // A panel is busy from its question to its drawing; `performance.now()` there counts from the start of the
  // navigation.
  const handle = await page.waitForFunction(() => {
    const panels = document.querySelectorAll('canvas').length;
    const busy = document.querySelector('[aria-busy=true]');
    return panels > 0 && busy === null ? { ms: performance.now(), panels } : false;
  });
  const drawn = await handle.jsonValue();
  await page.close();
  return drawn;
}
