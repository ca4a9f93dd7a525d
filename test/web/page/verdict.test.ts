import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { verdictsOf } from '../../../src/live/verdicts';
import { type WatchedPage, chromiumProgram, openPage, startChromium } from '../../support/chromium';
import { Cleanup } from '../../support/cleanup';
import { facts } from '../../support/facts';
import { FakeLive } from '../../support/fake-live';
import { freePort } from '../../support/free-port';
import { runProgram } from '../../support/program';
import { startRegtest } from '../../support/regtest-child';
import { until } from '../../support/until';
import { servedPage } from '../served';
import { violations } from './looks';

const ASSETS = path.join(__dirname, '..', '..', '..', 'dist', 'web', 'assets');

chromiumProgram.describe('the answers at the top of the page', (program) => {
  const cleanup = new Cleanup();
  const watched: WatchedPage[] = [];
  let browser: Browser;

  const open = async (url: string): Promise<Page> => {
    const opened = await openPage(browser, url.replace(/\/$/, ''));
    watched.push(opened);
    await opened.page.goto(url);
    return opened.page;
  };
  const toneOf = (page: Page, question: string): Promise<string | null> =>
    page.getAttribute(`#verdict-${question}`, 'data-tone');

  beforeAll(async () => {
    browser = await startChromium(program, cleanup);
  });
  afterAll(() => cleanup.run());
  afterEach(() => {
    expect(watched.splice(0).flatMap(({ errors, strangers }) => [...errors(), ...strangers])).toEqual([]);
  });

  it('are red without a peer, name the reason, and turn green when it comes', async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-verdict-')), (name) =>
      rm(name, { recursive: true }),
    );
    const network = cleanup.add(await startRegtest(), (it) => it.stop());
    const [port, peerPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const node = cleanup.add(
      runProgram(
        [
          ...['--network', 'regtest', '--interval', '500ms', '--http', `127.0.0.1:${port}`],
          ...['--data-dir', folder, '--export', `duckdb:${path.join(folder, 'v.duckdb')}`],
          ...['--connect', `127.0.0.1:${peerPort}`],
        ],
        folder,
      ),
      (it) => it.stop(),
    );
    await until('the page', async () => (await fetch(url)).status === 200, { giveUp: node.ended });
    const page = await open(url);
    const state = page.locator('#state');
    await until('red', async () => (await state.getAttribute('data-tone')) === 'bad');
    // The first attempt may not have ended yet.
    const why = `127.0.0.1:${peerPort} refuses connections: Does the node run? The P2P port of regtest is 18444.`;
    await until('the reason', async () => (await page.textContent('#verdict-peers .verdict-reason')) === why);
    expect([await state.textContent(), await toneOf(page, 'peers')]).toEqual(['Trouble', 'bad']);
    expect(await toneOf(page, 'step')).toBe('bad');
    expect(await toneOf(page, 'fees')).toBe('unknown');
    const row = page.locator('#peer-table tr.missing');
    expect(await row.locator('td').first().textContent()).toBe(`127.0.0.1:${peerPort}`);
    expect(await row.textContent()).toMatch(/tr(ies in|ying)/);
    expect(await violations(page)).toEqual([]);

    const sockets = new Set<net.Socket>();
    const target = network.endpoints[0]?.port ?? 0;
    const way = net.createServer((socket) => {
      const other = net.connect(target, '127.0.0.1');
      for (const one of [socket, other]) sockets.add(one.on('error', () => undefined));
      socket.pipe(other).pipe(socket);
    });
    cleanup.add(way, (it) => {
      it.close();
      for (const socket of sockets) socket.destroy();
    });
    way.listen(peerPort, '127.0.0.1');
    network.startTraffic();
    await until('green', async () => (await state.getAttribute('data-tone')) === 'good');
    expect(await state.textContent()).toBe('Live');
    expect([await toneOf(page, 'step'), await toneOf(page, 'peers')]).toEqual(['good', 'good']);
    expect(await page.textContent('#verdict-step .verdict-answer')).toMatch(/^In step at \d+$/);
    expect(await page.textContent('#verdict-peers .verdict-answer')).toBe('1 peer');
    // The list of peers comes apart from the answers.
    await until('no row', async () => (await row.count()) === 0);

    way.close();
    for (const socket of sockets) socket.destroy();
    await until('red again', async () => (await toneOf(page, 'peers')) === 'bad');
    await row.waitFor();
  });

  it('tell of the monitor itself where it is not well', async () => {
    const live = new FakeLive();
    const state = { height: 900_000, grewMs: Date.now(), dials: [], mempool: null };
    live.state = { ...state, verdicts: verdictsOf(facts()) };
    const { url } = await servedPage(cleanup, { live, assets: ASSETS, points: [] });
    const page = await open(url);
    await until('the answers', async () => (await toneOf(page, 'fees')) === 'good');
    expect(await page.isVisible('#verdict-monitor')).toBe(false);
    expect(await page.textContent('#verdict-fees .verdict-answer')).toBe('About 2 sat/vB');
    expect(await page.textContent('#verdicts-said')).toBe('');

    const loop = { lagMs: 2_300, leastLagMs: null, stalledMs: 0 };
    live.state = { ...state, verdicts: verdictsOf(facts({ loop })) };
    await page.waitForSelector('#verdict-monitor[data-tone="warn"]:visible');
    expect(await page.textContent('#state')).toBe('Live, with a warning');
    expect(await page.textContent('#verdict-monitor .verdict-reason')).toMatch(/late by 2\.3 s/);
    expect(await page.textContent('#verdicts-said')).toBe('Warning: The monitor is too slow');
    await page.click('#verdict-monitor .verdict-answer');
    await page.waitForSelector('#panel-loop-lag:focus');
    expect(await page.textContent('#sections [aria-current]')).toBe('The monitor');
  });

  it('are not there where no node runs', async () => {
    const { url } = await servedPage(cleanup, { assets: ASSETS });
    const page = await open(url);
    await page.locator('#chain').waitFor();
    expect(await page.isVisible('#verdicts')).toBe(false);
  });
});
