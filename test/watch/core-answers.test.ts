import { systemTimer } from '../../src/lib/timer';
import { displayOf } from '../../src/wire/hash';
import { identifyNode } from '../../src/watch/identify';
import type { NodeCalls } from '../../src/watch/node-calls';
import { RpcClient } from '../../src/watch/rpc-client';
import { sharedCoreAnswers } from '../support/data';
import { fakeHash } from '../support/fake-hash';
import { type HttpServer, startHttpServer } from '../support/http-server';
import { placeAt } from './place-at';
import { recordedReply } from './recorded-core';

sharedCoreAnswers.describe('recorded answers of a Bitcoin Core 31', (folder) => {
  let server: HttpServer;
  let client: RpcClient;
  let calls: NodeCalls;
  const warnings: string[] = [];

  beforeAll(async () => {
    server = await startHttpServer(({ body }) => recordedReply(folder, body));
    client = new RpcClient(placeAt({ name: 'core', port: server.port }), {
      clock: performanceClock,
      timer: systemTimer,
    });
    const node = await identifyNode(client, 'regtest', (message) => warnings.push(message));
    expect(node).toMatchObject({ kind: 'core', version: 319_900 });
    ({ calls } = node);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  it('have every method that is asked', () => {
    expect(warnings).toEqual([]);
    expect(calls.refused).toEqual([]);
  });

  it('are of another network than the listener, which is said with both names', async () => {
    await expect(identifyNode(client, 'testnet4', () => undefined)).rejects.toMatchObject({
      kind: 'other-network',
      message: `core at http://127.0.0.1:${server.port}: getblockchaininfo: is on regtest, and the listener on testnet4; watch a node of testnet4, or listen with --network regtest`,
    });
  });

  it('tell the traffic', async () => {
    expect(await calls.netTotals()).toEqual({
      bytesReceived: 4_473,
      bytesSent: 52_986,
      timeMs: 1_795_919_783_634,
    });
  });

  it('tell the peers, and the bytes of each by command', async () => {
    const peers = (await calls.peers()) ?? [];
    expect(peers).toHaveLength(2);
    const [first, second] = peers;
    expect(first).toMatchObject({
      id: 0,
      address: '127.0.0.1:57096',
      network: 'not_publicly_routable',
      isInbound: true,
      userAgent: '/Satoshi:31.99.0/',
      services: 0xc09n,
      bytesReceived: 1_683,
      bytesSent: 38_740,
      feeFilter: 100,
      transport: 'v2',
      connectionType: 'inbound',
      banScore: undefined,
    });
    expect(first?.pingMs).toBeCloseTo(0.073_469);
    expect(second).toMatchObject({ transport: 'v1', feeFilter: 0, services: 0n });
    expect(sum(second?.receivedByCommand)).toBe(second?.bytesReceived);
    expect(sum(second?.sentByCommand)).toBe(second?.bytesSent);
    // The handshake of the encrypted transport belongs to no message.
    expect(sum(first?.receivedByCommand)).toBe(983);
    expect(sum(first?.sentByCommand)).toBeLessThan(first?.bytesSent ?? 0);
  });

  it('tell the mempool', async () => {
    expect(await calls.mempoolInfo()).toEqual({
      transactions: 1,
      bytes: 130,
      usage: 1_128,
      maxUsage: 300_000_000,
      totalFee: 2_620,
      minFee: 100,
      minRelayFee: 100,
      isLoaded: true,
      unbroadcast: 1,
    });
    const entries: unknown[] = [];
    expect(await calls.mempoolEntries(() => (entry) => entries.push(entry))).toBe(1);
    expect(entries).toMatchObject([{ vsize: 130, weight: 520, fee: 2_620, height: 121 }]);
  });

  it('tell the chain', async () => {
    const tip = '54fb7ab131f5d319e0980046936a67408b78042b80036b43ebcce7afc11737db';
    const [active] = (await calls.chainTips()) ?? [];
    expect(active).toMatchObject({ height: 121, branchLength: 0, status: 'active' });
    expect(displayOf(active?.hash ?? fakeHash(''))).toBe(tip);
    const info = await calls.chainInfo();
    expect(info).toMatchObject({ chain: 'regtest', blocks: 121, progress: 1, isInitialDownload: false });
    expect(info?.warnings).toHaveLength(1);
  });

  it('tell the node, its addresses, its bans and its orphans', async () => {
    expect(await calls.networkInfo()).toMatchObject({
      version: 319_900,
      userAgent: '/Satoshi:31.99.0/',
      services: 0xc0dn,
      connections: 2,
      inbound: 2,
      outbound: 0,
      reachable: ['ipv4', 'ipv6'],
      relayFee: 100,
    });
    const addresses = await calls.addresses();
    expect(addresses?.get('all_networks')).toEqual({ fresh: 1, tried: 1, total: 2 });
    expect(addresses?.get('onion')).toEqual({ fresh: 1, tried: 0, total: 1 });
    expect(await calls.banned()).toBe(0);
    expect(await calls.orphans()).toEqual([]);
    expect(await calls.uptime()).toBe(23);
  });
});

const performanceClock = { monotonicMs: () => performance.now() };

function sum(counts: ReadonlyMap<string, number> | undefined): number {
  return [...(counts?.values() ?? [])].reduce((total, count) => total + count, 0);
}
