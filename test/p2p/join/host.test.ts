import { randomBytes } from 'node:crypto';
import { fromBase32, toBase32 } from '../../../src/lib/base32';
import { AddressManager } from '../../../src/p2p/join/address-manager';
import { formatAddresses, parseAddress } from '../../../src/p2p/join/address-format';
import { Bans } from '../../../src/p2p/join/bans';
import { formatHost, parseHost, sourceGroupOfHost } from '../../../src/p2p/join/host';
import { isDialable, isPrivate } from '../../../src/p2p/join/reachability';
import { overlayMistake } from '../../../src/p2p/join/overlay';
import { DIRECT } from '../../../src/p2p/route/direct';
import { DIRECT_ROUTES, Routes } from '../../../src/p2p/route/routes';

/** An onion address of BIP155, and its key as `addrv2` carries it. */
const ONION = 'pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion';
const KEY = '79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f';
/** An I2P address of BIP155, and its hash. */
const I2P = 'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p';
const HASH = 'a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87';
const CJDNS = 'fc32:17ea:e415:c3bf:9808:149d:b5a2:c9aa';

it('Base32 is that of RFC 4648, and refuses what no bytes give', () => {
  expect(
    ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map((text) => toBase32(Buffer.from(text))),
  ).toEqual([...['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi']]);
  for (let length = 0; length < 40; length++) {
    const bytes = randomBytes(length);
    expect(fromBase32(toBase32(bytes))).toEqual(bytes);
  }
  expect(['m', 'mz1', 'MY', 'mz', 'mzx', 'mzxq====', 'ä'].map(fromBase32)).toEqual(Array(7).fill(null));
});

it.each([
  ['torv3', ONION, KEY],
  ['i2p', I2P, HASH],
  ['cjdns', CJDNS, 'fc3217eae415c3bf9808149db5a2c9aa'],
] as const)('an address of %s is read and written as in BIP155', (network, text, hex) => {
  const raw = { network, address: Buffer.from(hex, 'hex') };
  expect(parseHost(text)).toEqual(raw);
  expect(formatHost(raw)).toBe(text);
});

it('a wrong onion or I2P address is none, and its mistake is named', () => {
  const wrong = `${ONION.slice(0, 5)}a${ONION.slice(6)}`;
  expect(parseHost(wrong)).toBeNull();
  expect(overlayMistake(wrong)).toMatch('wrong checksum');
  expect(overlayMistake('expyuzz4wqqyqhjn.onion')).toMatch('56 letters');
  expect(overlayMistake(`a${I2P}`)).toMatch('52 letters');
  expect(overlayMistake(`${I2P.slice(0, 51)}r.b32.i2p`)).toMatch('52 letters');
  expect(overlayMistake('stats.i2p')).toMatch('52 letters');
  expect([ONION, I2P].map(overlayMistake)).toEqual([null, null]);
});

it('addresses of overlays pass the address manager and its file, and are dialled where there is a route', async () => {
  const now = 1_800_000_000;
  const times = { unixTime: () => now, monotonicMs: () => 0 };
  const addrman = new AddressManager({ network: 'mainnet', secret: Buffer.alloc(32), ...times });
  for (const host of [ONION, I2P, CJDNS]) {
    const raw = parseHost(host);
    if (raw === null) throw new Error(host);
    const port = raw.network === 'i2p' ? 0 : 8333;
    expect(addrman.add({ ...raw, port, services: 9n, time: now }, 'source')).toBe(true);
  }
  const lines = (await formatAddresses(addrman, new Bans(times))).split('\n').slice(1, -1);
  const read = lines.map(parseAddress);
  expect(read.map((known) => (known === null ? null : formatHost(known)))).toEqual([ONION, I2P, CJDNS]);
  const reaching = (...networks: readonly ('onion' | 'i2p' | 'cjdns')[]): (string | null)[] => {
    const routes = new Routes(Object.fromEntries(networks.map((network) => [network, DIRECT])));
    return read.flatMap((known) =>
      known !== null && isDialable('mainnet', known, (to) => routes.reaches(to)) ? [formatHost(known)] : [],
    );
  };
  expect(reaching()).toEqual([]);
  expect(reaching('onion')).toEqual([ONION]);
  expect(reaching('i2p', 'cjdns')).toEqual([I2P, CJDNS]);
  const only = new Routes({ onion: DIRECT, i2p: DIRECT }, ['i2p', 'cjdns']);
  expect((['torv3', 'i2p', 'cjdns', 'unknown'] as const).map((to) => only.reaches(to))).toEqual([
    ...[false, true, false, false],
  ]);
  expect(only.to(ONION)).toBe(DIRECT);
  expect(read.some((known) => known !== null && isDialable('regtest', known, () => true))).toBe(false);
});

it('a route is chosen by the network of a host', () => {
  const routes = ['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns', 'names'].map((name) => [
    name,
    { ...DIRECT, name },
  ]);
  const all = new Routes(Object.fromEntries(routes) as ConstructorParameters<typeof Routes>[0]);
  const names = ['1.2.3.4', '2a01::1', ONION, I2P, CJDNS, 'node.example', '127.0.0.1', '10.1.1.1', 'fd00::1'];
  const named = names.map(
    (host) => (all.to(host) as { readonly name?: string } | undefined)?.name ?? 'direct',
  );
  expect(named).toEqual([
    ...['ipv4', 'ipv6', 'onion', 'i2p', 'cjdns', 'names', 'direct', 'direct', 'direct'],
  ]);
  expect(names.map((host) => DIRECT_ROUTES.to(host) === DIRECT)).toEqual([
    ...[true, true, false, false, true, false, true, true, true],
  ]);
  expect(names.map((host) => DIRECT_ROUTES.takes(host))).toEqual(
    names.map((host) => host !== 'node.example'),
  );
  expect(all.takes('node.example')).toBe(true);
});

it('private addresses are those that no proxy reaches', () => {
  const hosts = [
    '127.0.0.1',
    '::1',
    '192.168.1.1',
    'fe80::1',
    '169.254.1.1',
    '172.31.0.1',
    '100.64.0.1',
    CJDNS,
  ];
  const others = [
    '1.2.3.4',
    '172.32.0.1',
    '100.128.0.1',
    '2001:db8::1',
    '203.0.113.1',
    '::2',
    'fe00::1',
    ONION,
  ];
  const judged = [...hosts, ...others].map((host) => {
    const raw = parseHost(host);
    return raw !== null && isPrivate(raw);
  });
  expect(judged).toEqual([...hosts.map(() => true), ...others.map(() => false)]);
});

it('the source group of a peer with a name is its name', () => {
  expect(sourceGroupOfHost('mainnet', 'Seed.example')).toBe('name:seed.example');
  expect(sourceGroupOfHost('mainnet', ONION)).toMatch(/^torv3:/);
});
