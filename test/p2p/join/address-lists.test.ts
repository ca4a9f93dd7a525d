import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AddressList, openAddressList } from '../../../src/p2p/join/address-lists';
import { parseHost } from '../../../src/p2p/join/host';
import { formatOverlay } from '../../../src/p2p/join/overlay';

const ONION = formatOverlay({ network: 'torv3', address: Buffer.alloc(32, 7) }) ?? '';
const OTHER_ONION = formatOverlay({ network: 'torv3', address: Buffer.alloc(32, 8) }) ?? '';
const I2P = formatOverlay({ network: 'i2p', address: Buffer.alloc(32, 7) }) ?? '';

const LIST = AddressList.parse(
  [
    '\ufeff# those that asked to be left alone',
    '192.0.2.7',
    '  198.51.100.0/24   # a research network\r',
    '198.51.100.128/25',
    '203.0.113.77/28',
    '',
    '2001:DB8::/32',
    '::ffff:10.1.0.0/112',
    'fc00:1::/32',
    ONION.toUpperCase(),
    I2P,
  ].join('\n'),
  '--exclude list',
);

const has = (host: string): boolean => {
  const raw = parseHost(host);
  if (raw === null) throw new Error(`${host} is no address`);
  return LIST.has(raw);
};

it.each([
  ['192.0.2.7', true],
  ['192.0.2.6', false],
  ['192.0.2.8', false],
  ['198.51.99.255', false],
  ['198.51.100.0', true],
  ['198.51.100.255', true],
  ['198.51.101.0', false],
  ['203.0.113.63', false],
  ['203.0.113.64', true],
  ['203.0.113.79', true],
  ['203.0.113.80', false],
  ['10.1.255.255', true],
  ['10.2.0.0', false],
  ['::ffff:192.0.2.7', true],
  ['2001:db8:ffff::1', true],
  ['2001:db9::', false],
  ['fc00:1:2::3', true],
  ['fc00:2::3', false],
  [ONION, true],
  [OTHER_ONION, false],
  [I2P, true],
  ['1.1.1.1', false],
  ['255.255.255.255', false],
])('%s is in the list: %s', (host, isIn) => {
  expect(has(host)).toBe(isIn);
});

it('answers as a search through all lines does', () => {
  const random = (below: number): number => Math.floor(Math.random() * below);
  const lines = Array.from({ length: 300 }, () => ({
    ip: [random(4), random(4), random(256), random(256)] as const,
    bits: 8 + random(25),
  }));
  const numberOf = (ip: readonly number[]): number => ip.reduce((sum, byte) => sum * 256 + byte, 0);
  const list = AddressList.parse(lines.map(({ ip, bits }) => `${ip.join('.')}/${bits}`).join('\n'), 'x');
  for (let i = 0; i < 2_000; i++) {
    const ip = [random(4), random(4), random(256), random(256)];
    const isIn = lines.some((line) => {
      const size = 2 ** (32 - line.bits);
      return Math.floor(numberOf(ip) / size) === Math.floor(numberOf(line.ip) / size);
    });
    expect([ip, list.has({ network: 'ipv4', address: Buffer.from(ip) })]).toEqual([ip, isIn]);
  }
});

it.each([
  ['300.1.1.1'],
  ['192.0.2.0/33'],
  ['2001:db8::/129'],
  ['192.0.2.0/'],
  ['192.0.2.0/-1'],
  ['192.0.2.0/24/8'],
  ['192.0.2.0/255.255.255.0'],
  ['192.0.2.1-192.0.2.9'],
  ['192.0.2.1:8333'],
  ['[2001:db8::1]'],
  ['example.org'],
  [`${ONION}/8`],
  ['::ffff:10.1.0.0/24'],
  ['fd87:d87e:eb43::1'],
])('the line %s is refused, with its number', (line) => {
  expect(() => AddressList.parse(`# one\n\n${line}\n`, '--exclude list')).toThrow(
    `--exclude list: line 3: ${JSON.stringify(line)}: give one address or CIDR a line, such as`,
  );
});

describe('a file', () => {
  let folder = '';
  beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'btcdmon-lists-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read', async () => {
    const file = path.join(folder, 'left-alone.txt');
    writeFileSync(file, '192.0.2.0/24\r\n');
    const list = await openAddressList(`--exclude ${file}`, file);
    expect(list.has({ network: 'ipv4', address: Buffer.from([192, 0, 2, 255]) })).toBe(true);
  });

  it.each([
    ['a folder', '.', 'is a folder, not a file; give a file with one address or CIDR a line'],
    ['missing', 'nothing', "can't be read: "],
  ])('that is %s is refused', async (_, name, problem) => {
    const file = path.join(folder, name);
    await expect(openAddressList(`--exclude ${file}`, file)).rejects.toThrow(`--exclude ${file}: ${problem}`);
  });
});
