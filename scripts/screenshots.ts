// Takes the screenshots in the README: docs/images/page-light.png, page-dark.png and page-phone.png. Runs the
// demo's network for a quarter of an hour first, so that the panels of that range are full. `--minutes N`
// sets another time. `--url URL` takes the screenshots of a page that is already served. The browser is
// Debian's Chromium, or the one that CHROMIUM_BIN names.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadRegtestParts } from '../src/bcoin/bcoin';
import { RegtestNetwork } from '../src/demo/regtest';
import { chromiumProgram, startChromium } from '../test/support/chromium';
import { Cleanup } from '../test/support/cleanup';
import { BIN } from '../test/support/program';
import { positiveNumber, usageError } from './support/options';

const IMAGES = path.join(__dirname, '..', 'docs', 'images');
const PORT = 8381;
const SETTLED_MS = 5_000;

/** GitHub does not show a larger picture at once. */
const MOST_BYTES = 400_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    url: { type: 'string' },
  },
});
const minutes = positiveNumber('screenshots', 'minutes', values.minutes);

/** A screenshot: its size, and the section to which the page is scrolled. */
interface Shot {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  readonly section: string;
  readonly scale: number;
}

const SHOTS: readonly Shot[] = [
  { name: 'page-light', colorScheme: 'light', width: 1440, height: 1330, section: '', scale: 1 },
  { name: 'page-dark', colorScheme: 'dark', width: 1440, height: 1040, section: 'propagation', scale: 1 },
  { name: 'page-phone', colorScheme: 'light', width: 390, height: 844, section: '', scale: 2 },
];

/**
 * Starts a network whose blocks are further apart than in the demo, so that the relay view fills and empties.
 * Its chain has not enough coins for blocks that are even further apart.
 */
async function startNetwork(): Promise<RegtestNetwork> {
  const network = new RegtestNetwork(
    { listenHost: '127.0.0.1', blockIntervalMs: 12_000, txIntervalMs: 520, seed: 'screenshots' },
    { parts: loadRegtestParts(), onError: (error) => console.error(error) },
  );
  await network.start();
  return network;
}

function startNode(network: RegtestNetwork, folder: string): ChildProcess {
  const args = [
    ...['--network', 'regtest', '--node', 'demo', '--interval', '2s', '--log-level', 'warn'],
    ...['--data-dir', folder, '--export', `duckdb:${folder}/store.duckdb`, '--http', `127.0.0.1:${PORT}`],
    ...['--transport', 'v1'],
    ...network.endpoints.flatMap(({ host, port }) => ['--connect', `${host}:${port}`]),
  ];
  return spawn(process.execPath, [BIN, ...args], { stdio: 'inherit' });
}

async function shoot(url: string): Promise<void> {
  const { path: program } = chromiumProgram;
  if (program === null)
    return usageError('screenshots', 'Chromium was not found; set CHROMIUM_BIN to its path');
  mkdirSync(IMAGES, { recursive: true });
  const cleanup = new Cleanup();
  const browser = await startChromium(program, cleanup);
  try {
    for (const { name, colorScheme, width, height, section, scale } of SHOTS) {
      const context = await browser.newContext({
        ...{ colorScheme, viewport: { width, height }, deviceScaleFactor: scale, reducedMotion: 'reduce' },
      });
      const page = await context.newPage();
      await page.goto(`${url}/?range=15m#${section}`);
      await page.waitForSelector('#peer-table tbody tr');
      // After this time each visible panel has been loaded once more, and each table is filled.
      await sleep(SETTLED_MS);
      const file = path.join(IMAGES, `${name}.png`);
      await page.screenshot({ path: file });
      const { size } = statSync(file);
      console.log(`${file}: ${Math.round(size / 1000)} kB`);
      if (size > MOST_BYTES) process.exitCode = 1;
      await context.close();
    }
  } finally {
    await cleanup.run();
  }
}

async function main(): Promise<void> {
  if (values.url !== undefined) return shoot(values.url);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'btcdmon-screenshots-'));
  const network = await startNetwork();
  const node = startNode(network, folder);
  try {
    await sleep(5_000);
    network.startTraffic();
    console.log(`the demo's network runs for ${minutes} minutes`);
    await sleep(minutes * 60_000);
    await shoot(`http://127.0.0.1:${PORT}`);
  } finally {
    node.kill();
    await network.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
