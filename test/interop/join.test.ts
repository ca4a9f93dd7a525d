import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import { parseIp } from '../../src/p2p/join/ip';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { DnsServer } from '../support/dns-server';
import { dialListener, FakePeer, versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { type Program, runProgram } from '../support/program';
import { untilStored } from '../support/running-store';
import { openStored } from '../support/stored';
import { addressesOf, strace, traced } from '../support/strace';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

const PATIENCE_MS = 600_000;

const SEED = 'seed.example';

/** Addresses that are given to nobody (RFC 5737, RFC 3849), or lead to another machine of a private net. */
const OUTSIDE = ['198.51.100.9', '203.0.113.7', '192.0.2.80', '10.255.255.1', '2001:db8::7'];

btcd.describe('a network of five btcds', (btcdProgram) => {
  strace.describe('under strace', (straceProgram) => {
    const cleanup = new Cleanup();
    let folder = '';

    beforeEach(async () => {
      folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-join-')), (path) =>
        rm(path, { recursive: true, force: true }),
      );
    });

    afterEach(() => cleanup.run());

    /** Five btcds on one port of five addresses of loopback, each dialling the one before it. */
    async function startNetwork(hosts: readonly string[], port: number): Promise<Btcd[]> {
      const miningAddress = new Wallet().address('simnet');
      return Promise.all(
        hosts.map(async (host, i) => {
          const before = hosts[i - 1];
          const extraArgs = before === undefined ? [] : [`--addpeer=${before}:${port}`];
          const options = { network: 'simnet', miningAddress, extraArgs, listen: { host, port } } as const;
          return cleanup.add(await Btcd.start(btcdProgram, options), (it) => it.stop());
        }),
      );
    }

    /** A peer that tells, when it is asked, of nodes that are outside. */
    async function startTeller(port: number): Promise<FakePeer> {
      const outside = OUTSIDE.flatMap((host): NetworkAddress[] => {
        const raw = parseIp(host);
        return raw === null ? [] : [{ ...raw, port, services: 9n, time: Math.floor(Date.now() / 1_000) }];
      });
      const peer = await FakePeer.start({
        network: 'simnet',
        onMessage: (connection, { command }) => {
          if (command === 'version') connection.send('version', versionPayload());
          if (command === 'verack') connection.send('verack');
          if (command === 'getaddr') connection.send('addrv2', encodeAddrV2(outside));
        },
      });
      return cleanup.add(peer, (it) => it.stop());
    }

    const knowsUs = async (node: Btcd): Promise<boolean> =>
      (await node.peers()).some(({ subver, inbound }) => inbound && subver.includes('btcdmon'));

    it(
      'is joined from one DNS seed, followed when a node leaves, and found again after kill -9',
      async () => {
        // Others that run the tests at the same time have other addresses.
        const net = `127.${1 + (process.pid % 250)}`;
        const hosts = [1, 2, 3, 4, 5].map((i) => `${net}.${i}.1`);
        const port = await freePort(hosts[0]);
        const nodes = await startNetwork(hosts, port);
        const teller = await startTeller(port);
        const dns = cleanup.add(await DnsServer.start({ [SEED]: [...hosts, ...OUTSIDE] }), (it) => it.stop());
        const listenPort = await freePort();
        const store = path.join(folder, 'store.duckdb');
        const traces = ['first', 'second'].map((name) => path.join(folder, `${name}.trace`));
        const start = (trace: string, args: readonly string[]): Program => {
          const common = [
            '--network',
            'simnet',
            '--interval',
            '500ms',
            '--export',
            `duckdb:${store}`,
            '--join',
          ];
          const program = runProgram([...common, ...args], folder, traced(straceProgram, trace));
          return cleanup.add(program, (it) => it.kill());
        };

        const first = start(traces[0] ?? '', [
          ...['--seed', `${SEED}:${port}`, '--dns', dns.endpoint],
          ...['--connect', `127.0.0.1:${teller.port}`, '--listen', `${listenPort}`],
        ]);
        const patience = { giveUp: first.ended };
        for (const node of nodes) await until('a btcd to be joined', () => knowsUs(node), patience);
        await until('the teller to be asked', () => teller.connections[0]?.commands().includes('getaddr'));
        const guest = await dialListener(listenPort, { network: 'simnet' });
        await until('the guest’s handshake', () => guest.commands().includes('verack'), patience);
        // Asked while it runs: what is not yet on the disk is lost when it is killed.
        const gauges = 'max(outbound), max(inbound), max(num_addrs), max(num_banned)';
        const told = 'SELECT sum(entries)::BIGINT, sum(rate_limited)::BIGINT FROM addr_relay';
        const sql = `SELECT * FROM (SELECT ${gauges} FROM peers), (${told})`;
        await untilStored(store, sql, `6,1,5,0,${OUTSIDE.length},0`, patience);

        const leaver = nodes[2];
        if (leaver === undefined) throw new Error('there are five');
        await leaver.halt();
        await until('its loss to be noticed', () => first.log().includes('peer disconnected'), patience);
        await leaver.run();
        await until('it to be joined again', () => knowsUs(leaver), patience);
        await first.kill();
        guest.socket.destroy();

        const second = start(traces[1] ?? '', []);
        const patience2 = { giveUp: second.ended };
        for (const node of nodes)
          await until('a btcd to be joined from the book', () => knowsUs(node), patience2);
        await nodes[0]?.rpc('generate', 1);
        const hash = await nodes[0]?.rpc<string>('getbestblockhash');
        await untilStored(store, 'SELECT max_by(sha, time) FROM blocks', hash ?? '', patience2);
        expect(await second.stop()).toBe(0);

        expect(dns.asked).toEqual([SEED]);
        const ofNetwork = hosts.map((host) => `${host}:${port}`);
        expect(addressesOf(traces[0] ?? '')).toEqual(
          new Set([...ofNetwork, `127.0.0.1:${teller.port}`, dns.endpoint]),
        );
        expect(addressesOf(traces[1] ?? '')).toEqual(new Set(ofNetwork));

        const reader = cleanup.add(await openStored(store), (it) => it.close());
        expect(
          await reader.rows('SELECT max(num_addrs) AS num_addrs, max(outbound) AS outbound FROM peers'),
        ).toEqual([{ num_addrs: 5, outbound: 6 }]);
        expect(await reader.rows('SELECT sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual([
          { sha: hash },
        ]);
      },
      PATIENCE_MS,
    );
  });
});
