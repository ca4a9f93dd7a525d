import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AddressFile } from '../../src/p2p/join/address-file';
import { ipOf, type NetworkAddress } from '../../src/wire/messages/network-address';
import { encodeAddrV2 } from '../../src/wire/messages/addrv2';
import { asn, MATCH, program, RETURN } from '../support/asmap';
import { Cleanup } from '../support/cleanup';
import { FakePeer, versionPayload } from '../support/fake-peer';
import { type Program, runProgram } from '../support/program';
import { SocksProxy } from '../support/socks-proxy';
import { until } from '../support/until';

const PEERS = 200;
const SEED = 'seed.example';
const PATIENCE_MS = 240_000;

/** The first byte of the addresses that poison the gossip, and the number of their autonomous system. */
const POISON = 9;
const POISON_SYSTEM = 7;

/** Addresses of one answer, and how many of them are not poison. */
const TOLD = 1_000;
const HONEST = 100;
const HONEST_GROUPS = 600;

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const eight = (byte: number): string => `${MATCH}${'1'.repeat(7)}${byte.toString(2).padStart(8, '0')}`;

/** A map that knows one autonomous system: it has all addresses of 9.0.0.0/8. */
const MAP = program(
  ...Array.from({ length: 10 }, () => eight(0)),
  ...[eight(0xff), eight(0xff), eight(POISON), RETURN, asn(POISON_SYSTEM)],
);

const below = (limit: number): number => Math.floor(Math.random() * limit);
const addressOf = (...bytes: readonly [number, number, number, number]): NetworkAddress => ({
  ...{ network: 'ipv4', address: Buffer.from(bytes), port: 8_333, services: 1_033n },
  time: Math.floor(Date.now() / 1_000) - 60,
});

/** What each peer tells: 45 % of one netgroup, 45 % of others of its autonomous system, and 10 % else. */
function gossip(): readonly NetworkAddress[] {
  return Array.from({ length: TOLD }, (_, i) => {
    const group = below(HONEST_GROUPS);
    if (i < HONEST) return addressOf(40 + Math.floor(group / 200), group % 200, 1, 1);
    return addressOf(POISON, i % 2 === 0 ? POISON : below(256), below(256), 1 + below(250));
  });
}

it(
  'of gossip that is nine tenths of one netgroup and one autonomous system, less than a tenth of the peers is; kill -9 leaves the book whole',
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-poison-'));
    cleanup.add(folder, (it) => rm(it, { recursive: true, force: true }));
    const map = path.join(folder, 'map.dat');
    await writeFile(map, MAP);
    const peer = await FakePeer.start({
      network: 'mainnet',
      onMessage: (connection, { command }) => {
        if (command === 'version') connection.send('version', versionPayload({ services: 1_033n }));
        if (command === 'verack') connection.send('verack');
        if (command === 'getaddr') connection.send('addrv2', encodeAddrV2(gossip()));
        if (command === 'getheaders') connection.send('headers', Buffer.of(0));
      },
    });
    cleanup.add(peer, (it) => it.stop());
    let hasSeed = true;
    // All addresses lead to one peer, as a proxy can make them.
    const proxy = await SocksProxy.start({
      lead: (host) => (host === SEED && !hasSeed ? 'host-unreachable' : peer.port),
    });
    cleanup.add(proxy, (it) => it.stop());
    const start = (): Program =>
      cleanup.add(
        runProgram(
          [
            ...['--join', '--peers', `${PEERS}`, '--seed', SEED, '--proxy', proxy.endpoint],
            ...['--asmap', map, '--export', 'stdout:', '--interval', '1s'],
          ],
          folder,
        ),
        (it) => it.kill(),
      );
    /** The peers that are connected, and how many of them are poison. */
    const asked = (): { readonly all: number; readonly poison: number } => {
      const hosts = new Set(proxy.asked.map(({ target }) => target).filter((each) => !each.startsWith(SEED)));
      return { all: hosts.size, poison: [...hosts].filter((each) => each.startsWith(`${POISON}.`)).length };
    };
    const joined = async (listener: Program): Promise<void> => {
      const patience = { ms: PATIENCE_MS, giveUp: listener.ended };
      await until('the peers to be joined', () => asked().all >= PEERS * 0.9, patience);
      expect(asked().poison).toBeGreaterThan(0);
      expect(asked().poison).toBeLessThan(asked().all / 10);
    };

    const first = start();
    await joined(first);
    const file = new AddressFile(path.join(folder, '.btcdmon'), 'mainnet');
    const times = { unixTime: () => Math.floor(Date.now() / 1_000), monotonicMs: () => performance.now() };
    const warnings: string[] = [];
    const book = async (): Promise<readonly NetworkAddress[]> => [
      ...(await file.load(times, (message) => warnings.push(message), { peers: PEERS })).addrman.addresses(),
    ];
    await until('the book to be saved', async () => (await book()).length > 300, { ms: PATIENCE_MS });
    await first.kill();
    const kept = await book();
    expect(warnings).toEqual([]);
    const ofOneGroup = kept.filter((each) => ipOf(each)?.startsWith(`${POISON}.${POISON}.`) === true);
    expect(kept.length).toBeGreaterThan(300);
    expect(ofOneGroup.length).toBeGreaterThan(0);

    // From the book alone.
    hasSeed = false;
    proxy.asked.length = 0;
    const second = start();
    await joined(second);
    expect(await second.stop()).toBe(0);
  },
  2 * PATIENCE_MS,
);
