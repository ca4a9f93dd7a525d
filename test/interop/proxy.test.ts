import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { formatHost } from '../../src/p2p/join/host';
import { DNS_SEEDS } from '../../src/p2p/join/dns-seeds';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import type { NetworkAddress } from '../../src/wire/messages/network-address';
import { Btcd, btcd } from '../support/btcd';
import { Cleanup } from '../support/cleanup';
import { FakePeer, versionPayload } from '../support/fake-peer';
import { freePort } from '../support/free-port';
import { type Program, runProgram } from '../support/program';
import { untilStored } from '../support/running-store';
import { SocksProxy } from '../support/socks-proxy';
import { openStored } from '../support/stored';
import { addressesOf, strace, traced } from '../support/strace';
import { until } from '../support/until';
import { Wallet } from '../support/wallet';

const PATIENCE_MS = 300_000;

const onionOf = (fill: number): string =>
  formatHost({ network: 'torv3', address: Buffer.alloc(32, fill) }) ?? '';

strace.describe('with --proxy, by the addresses of all system calls', (straceProgram) => {
  const cleanup = new Cleanup();
  let folder = '';
  let trace = '';

  beforeEach(async () => {
    folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-proxy-')), (it) =>
      rm(it, { recursive: true, force: true }),
    );
    trace = path.join(folder, 'trace');
  });

  afterEach(() => cleanup.run());

  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Program =>
    cleanup.add(runProgram(args, folder, traced(straceProgram, trace), env), (it) => it.kill());

  btcd.describe('a btcd behind an onion name', (program) => {
    it(
      'is dialled by the proxy alone, with a password, and its blocks arrive',
      async () => {
        const options = { network: 'simnet', miningAddress: new Wallet().address('simnet') } as const;
        const node = cleanup.add(await Btcd.start(program, options), (it) => it.stop());
        const login = { user: 'me', password: 'right' };
        const proxy = cleanup.add(await SocksProxy.start({ lead: () => node.p2pPort, login }), (it) =>
          it.stop(),
        );
        const store = path.join(folder, 'store.duckdb');
        const onion = onionOf(7);
        const listener = start(
          [
            ...['--network', 'simnet', '--interval', '500ms', '--export', `duckdb:${store}`],
            ...['--connect', onion, '--proxy', `socks5://me@${proxy.endpoint}`],
          ],
          { BTCDMON_PROXY_PASSWORD: 'right' },
        );
        const patience = { giveUp: listener.ended };
        await until('the handshake', () => listener.log().includes('peer connected'), patience);
        // Blocks that come before the listener has all headers are history, and no points.
        await until('the headers', () => node.isQuiet(1_500), patience);
        await node.rpc('generate', 3);
        const hash = await node.rpc<string>('getbestblockhash');
        await untilStored(store, 'SELECT max_by(sha, time) FROM blocks', hash, patience);
        expect(await listener.stop()).toBe(0);
        expect(new Set(proxy.asked.map(({ target, user }) => `${String(user)} ${target}`))).toEqual(
          new Set([`me ${onion}:18555`]),
        );
        expect(addressesOf(trace)).toEqual(new Set([proxy.endpoint]));
        expect(listener.log()).not.toContain('right');
        const reader = cleanup.add(await openStored(store), (it) => it.close());
        expect(await reader.rows('SELECT sha FROM blocks ORDER BY time DESC LIMIT 1')).toEqual([
          { sha: hash },
        ]);
      },
      PATIENCE_MS,
    );
  });

  it(
    'mainnet is joined: seeds, names, IPv4, IPv6 and onion addresses go through the proxy, and DNS is not asked',
    async () => {
      const now = Math.floor(Date.now() / 1_000);
      const entry = (network: 'ipv4' | 'ipv6' | 'torv3', address: Buffer): NetworkAddress => ({
        ...{ network, address, port: 8333, services: 9n, time: now },
      });
      const told = [
        entry('ipv4', Buffer.of(9, 9, 9, 9)),
        entry('ipv6', Buffer.concat([Buffer.of(0x2a, 1), Buffer.alloc(14, 1)])),
        entry('torv3', Buffer.alloc(32, 5)),
      ];
      const peer = await FakePeer.start({
        network: 'mainnet',
        onMessage: (connection, { command }) => {
          if (command === 'version') connection.send('version', versionPayload());
          if (command === 'verack') connection.send('verack');
          if (command === 'getaddr') connection.send('addrv2', encodeAddrV2(told));
        },
      });
      cleanup.add(peer, (it) => it.stop());
      const proxy = cleanup.add(await SocksProxy.start({ lead: () => peer.port }), (it) => it.stop());
      const listener = start([
        ...['--join', '--peers', '3', '--proxy', proxy.endpoint, '--connect', 'node.example'],
        ...['--export', 'stdout:'],
      ]);
      const patience = { giveUp: listener.ended };
      const targets = ['9.9.9.9', '2a01:101:101:101:101:101:101:101', onionOf(5), 'node.example'];
      const wanted = [...targets, ...DNS_SEEDS.mainnet.map(({ host }) => host)].map((host) => `${host}:8333`);
      const asked = (): Set<string> => new Set(proxy.asked.map(({ target }) => target));
      await until('all of them to be asked for', () => wanted.every((one) => asked().has(one)), patience);
      expect(await listener.stop()).toBe(0);
      expect([...asked()].sort()).toEqual(wanted.sort());
      expect(addressesOf(trace)).toEqual(new Set([proxy.endpoint]));
      // Each connection has a login of its own.
      expect(new Set(proxy.asked.map(({ user }) => user)).size).toBe(proxy.asked.length);
    },
    PATIENCE_MS,
  );

  it(
    'a proxy that is down is named in one line, and nothing else is tried',
    async () => {
      const dead = `127.0.0.1:${await freePort()}`;
      const listener = start([
        ...['--join', '--connect', 'node.example', '--proxy', dead, '--export', 'stdout:'],
      ]);
      const line = `--proxy ${dead}: nobody listens there, so the proxy does not run; no peer can be dialled through it`;
      await until('the line', () => listener.log().includes(line), { giveUp: listener.ended });
      await until('the seeds to be given up', () => listener.log().includes('no addresses from a DNS seed'), {
        giveUp: listener.ended,
      });
      expect(await listener.stop()).toBe(0);
      expect(listener.log().split(line)).toHaveLength(2);
      expect(addressesOf(trace)).toEqual(new Set([dead]));
    },
    PATIENCE_MS,
  );
});
