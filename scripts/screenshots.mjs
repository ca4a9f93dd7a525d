// Takes the pictures of the page that the README shows: docs/images/page-light.png, page-dark.png and
// page-phone.png. The demo's network runs for a quarter of an hour, so that the panels of that range are
// full; `--minutes N` for less. `--url URL` takes them of a page that is served already. The browser is
// Debian's Chromium, or CHROMIUM_BIN.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const root = new URL('..', import.meta.url).pathname;
const images = path.join(root, 'docs/images');
const PORT = 8381;

const SETTLED_MS = 5_000;

/** GitHub shows no larger ones at once. */
const MOST_BYTES = 400_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    url: { type: 'string' },
  },
});

/** What is photographed: where the page is scrolled to, and how large it is. */
const SHOTS = [
  { name: 'page-light', colorScheme: 'light', width: 1440, height: 1330, section: '' },
  { name: 'page-dark', colorScheme: 'dark', width: 1440, height: 1040, section: 'propagation' },
  { name: 'page-phone', colorScheme: 'light', width: 390, height: 844, section: '', scale: 2 },
];

/**
 * Blocks are further apart than in the demo, so that the relay view fills and empties; its coins last for no
 * more.
 */
async function startNetwork() {
  const { RegtestNetwork } = require(`${root}dist/demo/regtest.js`);
  const { loadRegtestParts } = require(`${root}dist/bcoin/bcoin.js`);
  const network = new RegtestNetwork(
    { listenHost: '127.0.0.1', blockIntervalMs: 12_000, txIntervalMs: 520, seed: 'screenshots' },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  await network.start();
  return network;
}

function startNode(network, folder) {
  const args = [
    ...['--network', 'regtest', '--node', 'demo', '--interval', '2s', '--log-level', 'warn'],
    ...['--data-dir', folder, '--export', `duckdb:${folder}/store.duckdb`, '--http', `127.0.0.1:${PORT}`],
    ...network.endpoints.flatMap(({ host, port }) => ['--connect', `${host}:${port}`]),
  ];
  return spawn(process.execPath, [`${root}bin/btcdmon-node`, ...args], { stdio: 'inherit' });
}

async function shoot(url) {
  mkdirSync(images, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    for (const { name, colorScheme, width, height, section, scale = 1 } of SHOTS) {
      const context = await browser.newContext({
        ...{ colorScheme, viewport: { width, height }, deviceScaleFactor: scale, reducedMotion: 'reduce' },
      });
      const page = await context.newPage();
      await page.goto(`${url}/?range=15m#${section}`);
      await page.waitForSelector('#peer-table tbody tr');
      // What is in sight has been loaded once more by then, and each table has been filled.
      await sleep(SETTLED_MS);
      const file = path.join(images, `${name}.png`);
      await page.screenshot({ path: file });
      const { size } = statSync(file);
      console.log(`${file}: ${Math.round(size / 1000)} kB`);
      if (size > MOST_BYTES) process.exitCode = 1;
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

if (values.url !== undefined) await shoot(values.url);
else {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-screenshots-'));
  const network = await startNetwork();
  const node = startNode(network, folder);
  try {
    await sleep(5_000);
    network.startTraffic();
    console.log(`the demo's network runs for ${values.minutes} minutes`);
    await sleep(Number(values.minutes) * 60_000);
    await shoot(`http://127.0.0.1:${PORT}`);
  } finally {
    node.kill();
    await network.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
