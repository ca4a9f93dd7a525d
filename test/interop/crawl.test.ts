import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CrawlFolder } from '../../src/crawl/crawl-folder';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { DnsServer } from '../support/dns-server';
import { freePort } from '../support/free-port';
import { runProgram } from '../support/program';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

btcd.describe('a crawl of two btcds', (btcdProgram) => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it('finds both by a DNS seed, tells what they say of themselves, and leaves', async () => {
    const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crawl-')), (name) =>
      rm(name, { recursive: true, force: true }),
    );
    // Others that run the tests at the same time have other addresses.
    const hosts = [1, 2].map((i) => `127.${1 + (process.pid % 250)}.${i}.9`);
    const port = await freePort(hosts[0]);
    const miningAddress = new Wallet().address('simnet');
    const nodes = await Promise.all(
      hosts.map(async (host) => {
        const options = { network: 'simnet', miningAddress, listen: { host, port } } as const;
        return cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
      }),
    );
    await nodes[1]?.rpc('generate', 3);
    const dns = cleanup.add(await DnsServer.start({ 'seed.example': hosts }), (it) => it.stop());
    const program = cleanup.add(
      runProgram(
        [
          ...['crawl', '--network', 'simnet', '--seed', `seed.example:${port}`, '--dns', dns.endpoint],
          ...['--data-dir', folder, '--transport', 'auto'],
        ],
        folder,
      ),
      (it) => it.kill(),
    );
    expect(await until('the crawl to end', () => program.ended(), { ms: 240_000 })).toMatch(
      /^btcdmon-node ended with 0:/,
    );
    const snapshot = await new CrawlFolder(folder, 'simnet').newest(() => undefined);
    const found = [...(snapshot?.nodes ?? [])].sort((a, b) => (a.address < b.address ? -1 : 1));
    expect(found).toMatchObject([
      { address: `${hosts[0] ?? ''}:${port}`, height: 0 },
      { address: `${hosts[1] ?? ''}:${port}`, height: 3 },
    ]);
    for (const { latencyMs, services, timeOffset, userAgent, version } of found) {
      expect(userAgent).toMatch(/^\/btcwire:[\d.]+\/btcd:[\d.]+/);
      expect([version >= 70_016, (services & 9n) === 9n, Math.abs(timeOffset) <= 5]).toEqual([
        true,
        true,
        true,
      ]);
      expect(latencyMs).toBeGreaterThan(0);
    }
    for (const node of nodes) {
      const isAlone = async (): Promise<boolean> =>
        (await node.peers()).every(({ subver }) => !subver.includes('btcdmon'));
      await until('btcd to see that it has left', isAlone);
    }
  });
});
