import { readdir, readFile } from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CrawlFolder } from '../../src/crawl/crawl-folder';
import type { FoundNode } from '../../src/crawl/found-node';
import type { Snapshot } from '../../src/crawl/snapshot';
import { formatHost } from '../../src/p2p/join/host';
import { parseIp } from '../../src/p2p/join/ip';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import { decodeVersion } from '../../src/wire/messages/version';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { RETURN, asn, program as mapOf } from '../support/asmap';
import { Cleanup } from '../support/cleanup';
import { HEIGHT, hostOf, nodeOf } from '../support/crawl-network';
import { FakePeer, versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { outputOf, runProgram } from '../support/program';
import { SocksProxy } from '../support/socks-proxy';
import { type CrawlNetwork, startCrawlNetwork } from '../support/start-crawl-network';
import { openStored } from '../support/stored';
import { until } from '../support/until';

const cleanup = new Cleanup();
let folder = '';

beforeEach(async () => {
  folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-crawl-')), (name) =>
    rm(name, { recursive: true, force: true }),
  );
});

afterEach(() => cleanup.run());

/** The arguments of a crawl of a simulated network, beginning at its first node. */
const crawlOf = ({ size }: CrawlNetwork): readonly string[] => [
  ...['crawl', '--network', 'regtest', '--connect', `${hostOf(size, 0)}:${size.port}`],
  ...['--data-dir', folder, '--export', `duckdb:${path.join(folder, 'crawl.duckdb')}`, '--transport', 'auto'],
];

/** Runs the program until it ends by itself, and returns its log. */
async function runToEnd(args: readonly string[]): Promise<string> {
  const program = cleanup.add(runProgram(args, folder), (it) => it.kill());
  const ended = await until('the crawl to end', () => program.ended(), { ms: 240_000 });
  expect(ended).toMatch(/^btcdmon-node ended with 0:/);
  return program.log();
}

async function newestSnapshot(network: 'regtest' | 'mainnet' = 'regtest'): Promise<Snapshot> {
  const warnings: string[] = [];
  const snapshot = await new CrawlFolder(folder, network).newest((message) => warnings.push(message));
  expect(warnings).toEqual([]);
  if (snapshot === null) throw new Error('there is no snapshot');
  return snapshot;
}

/** What a crawl must know of a node of the simulated network. */
function expectedOf({ size }: CrawlNetwork, index: number): Partial<FoundNode> {
  const { height, isEncrypted, services, told, userAgent, version } = nodeOf(index);
  const toldServices = index === 0 ? (expect.anything() as bigint) : told;
  const transport = isEncrypted ? 'v2' : 'v1';
  const address = `${hostOf(size, index)}:${size.port}`;
  return { address, height, services, toldServices, transport, userAgent, version };
}

function factsOf({ address, height, services, toldServices, transport, userAgent, version }: FoundNode) {
  return { address, height, services, toldServices: toldServices ?? 0n, transport, userAgent, version };
}

/** Expects that a snapshot has exactly the nodes that can be reached, with what they claim. */
function expectExact(network: CrawlNetwork, { nodes }: Snapshot): void {
  const byAddress = (one: { address?: string }, other: { address?: string }): number =>
    (one.address ?? '') < (other.address ?? '') ? -1 : 1;
  const expected = Array.from({ length: network.size.reachable }, (_, i) => expectedOf(network, i));
  expect(nodes.map(factsOf).sort(byAddress)).toEqual(expected.sort(byAddress));
}

/** Whether a node is said to speak the encrypted transport and hangs up on it: it is dialled once more. */
function isRedialled(index: number): boolean {
  const { isEncrypted, services, told } = nodeOf(index);
  return told !== services && !isEncrypted;
}

describe('a crawl of a simulated network', () => {
  it('finds exactly the nodes that can be reached, and asks each once', async () => {
    const network = cleanup.add(await startCrawlNetwork({ reachable: 300, dead: 3_000, silent: 20 }), (it) =>
      it.stop(),
    );
    const log = await runToEnd([...crawlOf(network), '--contact', 'ops@example.org']);
    const snapshot = await newestSnapshot();
    expectExact(network, snapshot);
    expect(log).toContain('"message":"crawled"');
    // In a pipe there is the beginning and the end, and no line that is drawn.
    expect(log.trim().split('\n').length).toBeLessThan(6);

    const { reachable, dead } = network.size;
    expect(snapshot.counts.known).toBeGreaterThanOrEqual(reachable + dead);
    expect(snapshot.counts.tried).toBe(snapshot.counts.known);
    // What the one that floods tells is bounded: a few messages, whatever it sends.
    expect(snapshot.counts.known).toBeLessThanOrEqual(reachable + dead + 8_000);

    const counts = await network.counts();
    expect(counts.connections).toEqual(Array.from({ length: reachable }, (_, i) => (isRedialled(i) ? 2 : 1)));
    expect(counts.getaddrs).toEqual(Array.from({ length: reachable }, () => 1));
    expect(counts.silent).toBe(20);
    expect(counts.relaying).toBe(0);
    expect(counts.userAgents).toEqual([
      expect.stringMatching(/^\/btcdmon-node:[\d.]+\(ops@example\.org\)\/$/),
    ]);

    const all = Array.from({ length: reachable }, (_, i) => nodeOf(i));
    const stored = await openStored(path.join(folder, 'crawl.duckdb'));
    try {
      const [totals] = await stored.rows('SELECT * EXCLUDE (time) FROM crawls');
      expect(totals).toMatchObject({
        ...{ reachable, known: snapshot.counts.known, tried: snapshot.counts.tried, excluded: 0, dropped: 0 },
        ...{ ipv4: 0, not_publicly_routable: reachable, joined: null, departed: null, height: HEIGHT },
        encrypted: all.filter(({ isEncrypted }) => isEncrypted).length,
        claims_encrypted: all.filter(({ isEncrypted }) => isEncrypted).length,
        pruned: all.filter(({ services }) => (services & 1n) === 0n).length,
        behind: all.filter(({ height }) => height < HEIGHT).length,
        other_services: all.filter(({ services, told }) => services !== told).length,
      });
      const agents = await stored.rows(
        'SELECT user_agent, count(*) AS nodes FROM nodes GROUP BY 1 ORDER BY 1',
      );
      expect(Object.fromEntries(agents.map((row) => [row['user_agent'], row['nodes']]))).toEqual(
        Object.fromEntries(
          [...new Set(all.map(({ userAgent }) => userAgent))].map((agent) => [
            agent,
            all.filter(({ userAgent }) => userAgent === agent).length,
          ]),
        ),
      );
      const [ahead] = await stored.rows('SELECT count(*) AS nodes FROM nodes WHERE time_offset > 6000');
      expect(ahead?.['nodes']).toBe(all.filter(({ ahead: seconds }) => seconds > 6_000).length);
      const [latency] = await stored.rows('SELECT count(latency) AS nodes, min(latency) AS least FROM nodes');
      expect(latency?.['nodes']).toBe(reachable);
      expect(Number(latency?.['least'])).toBeGreaterThan(0);
    } finally {
      stored.close();
    }
  });

  it('goes on after kill -9, and tries again only what was open at that moment', async () => {
    // It answers half of the nodes' questions, so that the crawl is not over when it is killed.
    const size = { reachable: 200, dead: 1_000, silent: 5, answers: 100 };
    const network = cleanup.add(await startCrawlNetwork(size), (it) => it.stop());
    const workers = 10;
    const args = [...crawlOf(network), '--workers', String(workers)];
    const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
    const first = cleanup.add(runProgram(args, folder), (it) => it.kill());
    const patience = { giveUp: first.ended };
    await until('half of it', async () => sum((await network.counts()).getaddrs) >= 100, patience);
    await first.kill();
    // What it sent may not have been read yet.
    const before = await until('the network to have read everything', async () => {
      const { getaddrs, open } = await network.counts();
      return open === 0 && sum(getaddrs);
    });
    expect(before).toBeLessThan(200);
    const [journal = ''] = await readdir(path.join(folder, 'crawl-regtest')).then((names) =>
      names.filter((name) => name.endsWith('.journal')),
    );
    await network.release();
    const noted = (await readFile(path.join(folder, 'crawl-regtest', journal), 'latin1')).match(/"node":/g);

    const log = await runToEnd(args);
    expect(log).toContain('continuing a crawl');
    expectExact(network, await newestSnapshot());
    const again = sum((await network.counts()).getaddrs) - 200;
    // What was not in the journal: visits that were open, and those of its last quarter of a second.
    expect(again).toBe(before - (noted?.length ?? 0));
    const stored = await openStored(path.join(folder, 'crawl.duckdb'));
    const [rows] = await stored.rows(
      'SELECT count(*) AS nodes, count(DISTINCT address) AS addresses FROM nodes',
    );
    stored.close();
    expect(rows).toEqual({ nodes: 200, addresses: 200 });
    expect(
      (await readdir(path.join(folder, 'crawl-regtest'))).filter((name) => !name.endsWith('.crawl')),
    ).toEqual([]);
  });

  it('ends at once by a signal, and goes on at the next start', async () => {
    const network = cleanup.add(await startCrawlNetwork({ reachable: 60, dead: 100, silent: 30 }), (it) =>
      it.stop(),
    );
    const first = cleanup.add(runProgram(crawlOf(network), folder), (it) => it.kill());
    await until('it to wait for the silent ones', async () => (await network.counts()).silent === 30, {
      giveUp: first.ended,
    });
    await until('all others', async () => (await network.counts()).getaddrs.every((count) => count === 1));
    expect(await first.stop()).toBe(0);
    expect(first.log()).not.toContain('"crawled"');
    await runToEnd(crawlOf(network));
    expectExact(network, await newestSnapshot());
    const { connections } = await network.counts();
    // What was open at the signal is visited again, and nothing else.
    expect(connections.filter((count, i) => count > 2 * (isRedialled(i) ? 2 : 1))).toEqual([]);
  });
});

describe('a crawl by a proxy', () => {
  const onion = formatHost({ network: 'torv3', address: Buffer.alloc(32, 7) }) ?? '';
  const hosts = ['1.2.3.4', '8.8.4.4', '2a01:4f8::7', onion, '5.6.7.8'];
  const keyOf = (host: string): string => (host.includes(':') ? `[${host}]:8333` : `${host}:8333`);

  /** An address in the form of gossip. */
  function told(host: string): NetworkAddress {
    const raw = parseIp(host) ?? { network: 'torv3' as const, address: Buffer.alloc(32, 7) };
    return { ...raw, port: 8_333, services: 9n, time: Math.floor(Date.now() / 1_000) };
  }

  /** Public addresses behind a proxy, each a peer of loopback that tells all of them. */
  async function startPublic(agents: Map<string, string>): Promise<SocksProxy> {
    const ports = new Map<string, number>();
    for (const host of hosts.slice(0, 4)) {
      const peer = await FakePeer.start({
        network: 'mainnet',
        onMessage: (connection, { command, payload }) => {
          if (command === 'version') {
            expect(decodeVersion(payload).relay).toBe(false);
            connection.send('version', versionPayload({ userAgent: agents.get(host) ?? '/a:1/', height: 5 }));
          }
          if (command === 'verack') connection.send('verack');
          if (command === 'getaddr')
            connection.send('addrv2', encodeAddrV2([...hosts, '10.0.0.1', '127.0.0.1'].map(told)));
          if (command === 'ping') connection.send('pong', payload);
        },
      });
      ports.set(host, cleanup.add(peer, (it) => it.stop()).port);
    }
    ports.set('seed.example', ports.get('1.2.3.4') ?? 0);
    return cleanup.add(await SocksProxy.start({ lead: (host) => ports.get(host) ?? 'refused' }), (it) =>
      it.stop(),
    );
  }

  it('takes public addresses of each network, leaves those alone that are excluded, and compares', async () => {
    const agents = new Map<string, string>();
    const proxy = await startPublic(agents);
    const exclude = path.join(folder, 'exclude.txt');
    const asMap = path.join(folder, 'map.dat');
    await writeFile(exclude, '# does not want to be asked\n8.8.0.0/16\n');
    await writeFile(asMap, mapOf(RETURN, asn(24)));
    const args = [
      ...['crawl', '--proxy', proxy.endpoint, '--seed', 'seed.example', '--data-dir', folder],
      ...['--exclude', exclude, '--asmap', asMap, '--export', `duckdb:${path.join(folder, 'c.duckdb')}`],
    ];
    await runToEnd(args);
    const first = await newestSnapshot('mainnet');
    const reached = hosts.slice(0, 4).filter((host) => host !== '8.8.4.4');
    expect(first.nodes.map(({ address }) => address).sort()).toEqual(reached.map(keyOf).sort());
    expect(first.counts).toEqual({ known: 5, excluded: 1, dropped: 0, tried: 4 });
    expect(proxy.asked.map(({ target }) => target)).not.toContain('8.8.4.4:8333');
    // Private addresses that are told lead nowhere.
    expect(proxy.asked.filter(({ target }) => /^(10|127)\./.test(target))).toEqual([]);

    agents.set('1.2.3.4', '/b:2/\u001b[31m\u00e9');
    const stored = await openStored(path.join(folder, 'c.duckdb'));
    const [totals] = await stored.rows('SELECT * EXCLUDE (time) FROM crawls');
    stored.close();
    expect(totals).toMatchObject({
      ...{ ipv4: 1, ipv6: 1, onion: 1, not_publicly_routable: 0, reachable: 3, excluded: 1 },
      // The addresses of Tor are in no autonomous system.
      ...{ autonomous_systems: 1, largest_as: 2, as_entropy: 0, netgroups: 3, largest_netgroup: 1 },
    });
    // A second crawl, of what the first one knows and without an excluded one.
    await runToEnd(args.filter((arg) => arg !== '--exclude' && arg !== exclude));

    const base = ['--data-dir', folder];
    const list = await outputOf(['crawl', 'list', ...base], folder);
    expect(
      list
        .trim()
        .split('\n')
        .map((row) => row.replace(/^\S+ +/, '').replace(/ in.*/, '')),
    ).toEqual(['3 nodes, 4 of 5 addresses tried', '4 nodes, 5 of 5 addresses tried']);
    const [one = '', two = ''] = list
      .trim()
      .split('\n')
      .map((row) => row.replace(/ .*/, ''));
    expect(await outputOf(['crawl', 'diff', one, two, ...base], folder)).toBe(
      'joined      8.8.4.4:8333  /a:1/\nuser_agent  1.2.3.4:8333  /a:1/ -> /b:2/?[31m?\n',
    );
    expect(await outputOf(['crawl', 'diff', two, one, ...base, '--format', 'csv'], folder)).toBe(
      'change,address,before,after\r\nleft,8.8.4.4:8333,/a:1/,\r\nuser_agent,1.2.3.4:8333,/b:2/?[31m?,/a:1/\r\n',
    );
    const text = await outputOf(['crawl', 'export', ...base, '--asmap', asMap], folder);
    const { nodes, ...head } = JSON.parse(text) as { readonly nodes: Readonly<Record<string, unknown[]>> };
    expect(head).toEqual({ timestamp: expect.any(Number) as number, total_nodes: 4, latest_height: 5 });
    expect(Object.keys(nodes).sort()).toEqual(hosts.slice(0, 4).map(keyOf).sort());
    const since = expect.any(Number) as number;
    const unknown = [null, null, null, 0, 0, null];
    expect(nodes['1.2.3.4:8333']).toEqual([
      70_016,
      '/b:2/\u001b[31m\u00e9',
      since,
      9,
      5,
      ...unknown,
      'AS24',
      null,
    ]);
    expect(nodes[`${onion}:8333`]).toEqual([70_016, '/a:1/', since, 9, 5, ...unknown, null, null]);
  });

  it('fails where the proxy does not work, and keeps no snapshot of nobody', async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const program = cleanup.add(
      runProgram(
        ['crawl', '--proxy', dead, '--connect', '1.2.3.4', '--seed', 'a.example', '--data-dir', folder],
        folder,
      ),
      (it) => it.kill(),
    );
    const ended = await until('the crawl to end', () => program.ended());
    expect(ended).toMatch(/^btcdmon-node ended with 1:/);
    expect(program.log()).toContain(
      'btcdmon-node: crawl: the proxy or bridge by which nodes are dialled does not work',
    );
    expect(await new CrawlFolder(folder, 'mainnet').names()).toEqual([]);
  });
});

it.each([
  [['crawl', 'lst'], 'crawl lst: give list, diff, export, or nothing to crawl'],
  [['crawl', 'list', 'x'], 'crawl list x: takes no name; leave it out'],
  [['crawl', 'diff', 'x'], 'crawl diff x: compares two; give the name of another snapshot'],
  [['crawl', 'diff', 'x', 'y'], 'crawl: no snapshot is named "x"; there is none, or give a file'],
  [['crawl', 'export', 'x', 'y'], 'crawl export x y: takes one name; leave y out'],
  [
    ['crawl', '--network', 'regtest'],
    'crawl: regtest has no DNS seeds that can be used and no node of it is known',
  ],
  [['crawl', '--dns', '127.0.0.1', '--proxy', 'a'], '--dns 127.0.0.1: is not asked with --proxy'],
  [['crawl', '--only-net', 'onion'], '--only-net onion: there is no way to onion addresses'],
])('%j is refused in one line', async (args, message) => {
  const failure = await outputOf([...args, '--data-dir', folder], folder).catch((error: unknown) => error);
  expect(String((failure as { stderr?: string }).stderr)).toContain(`btcdmon-node: ${message}`);
});
