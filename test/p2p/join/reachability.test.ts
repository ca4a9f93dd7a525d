import { parseIp, type RawAddress } from '../../../src/p2p/join/ip';
import { netgroupOf, sourceGroupOf } from '../../../src/p2p/join/netgroup';
import { isDialable, isLoopback, isRoutable, isWorthKnowing } from '../../../src/p2p/join/reachability';
import { ipOf } from '../../../src/wire/messages/network-address';
import { NETWORK_NAMES } from '../../../src/wire/networks';

const ip = (text: string): RawAddress => {
  const address = parseIp(text);
  if (address === null) throw new Error(`${text} is no IP`);
  return address;
};

const ROUTABLE = [
  '8.8.8.8',
  '1.0.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '100.128.0.1',
  '2a00:1450::1',
  '2600::1',
];
const UNROUTABLE = [
  ...[
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.1.1',
    '169.254.1.1',
  ],
  ...[
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
  ],
  ...['198.51.100.7', '203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2001:10::1', '2001:20::1'],
  // A contained IPv4 address must not bypass the list.
  ...[
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '::10.0.0.1',
    '64:ff9b::10.0.0.1',
    '2002:a00:1::1',
    '2001:0:a00:1::',
  ],
];

describe('parseIp', () => {
  it.each([
    ['127.0.0.1', '7f000001'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['1::', `0001${'0'.repeat(28)}`],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['2001:db8::a:b', '20010db80000000000000000000a000b'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['::ffff:192.0.2.1', 'c0000201'],
  ])('reads %s', (text, hex) => expect(ip(text).address.toString('hex')).toBe(hex));

  it.each(['', 'a', '1.2.3', '1.2.3.4.5', '::1::', '12345::', 'localhost'])('refuses %j', (text) =>
    expect(parseIp(text)).toBeNull(),
  );

  it.each([...ROUTABLE, '2001:db8::a:b', '::1', '1::'])('is the inverse of ipOf: %s', (text) =>
    expect(ipOf(ip(text))).toBe(text),
  );
});

describe('dialable addresses', () => {
  it.each(ROUTABLE)('include %s on the public networks', (text) => {
    expect(isRoutable(ip(text))).toBe(true);
    for (const network of NETWORK_NAMES)
      expect(isDialable(network, { ...ip(text), port: 8333 })).toBe(
        network !== 'simnet' && network !== 'regtest',
      );
  });

  it.each(UNROUTABLE)('exclude %s, except on a network of this machine', (text) => {
    expect(isRoutable(ip(text))).toBe(false);
    for (const network of NETWORK_NAMES)
      expect(isDialable(network, { ...ip(text), port: 18444 })).toBe(
        (network === 'simnet' || network === 'regtest') && isLoopback(ip(text)),
      );
  });

  it('exclude ports of other services, and networks that a socket cannot reach', () => {
    const place = ip('8.8.8.8');
    expect([0, 25, 53, 443, 1023].filter((port) => isDialable('mainnet', { ...place, port }))).toEqual([]);
    const onion = { network: 'torv3', address: Buffer.alloc(32, 7), port: 8333 } as const;
    expect(isDialable('mainnet', onion)).toBe(false);
    expect(isWorthKnowing('mainnet', onion)).toBe(true);
    expect(isWorthKnowing('mainnet', { ...onion, network: 'torv2' })).toBe(false);
    expect(isWorthKnowing('mainnet', { ...onion, network: 'unknown' })).toBe(false);
  });
});

describe('netgroups', () => {
  const group = (text: string): string => netgroupOf('mainnet', { ...ip(text), port: 8333 });

  it('are /16 of IPv4 and /32 of IPv6, /36 of Hurricane Electric', () => {
    expect(group('8.8.1.1')).toBe(group('8.8.255.9'));
    expect(group('8.8.1.1')).not.toBe(group('8.9.1.1'));
    expect(group('2a00:1450:1::1')).toBe(group('2a00:1450:ffff::9'));
    expect(group('2a00:1450::1')).not.toBe(group('2a00:1451::1'));
    expect(group('2001:470:1000::1')).not.toBe(group('2001:470:2000::1'));
    expect(group('2001:470:1000::1')).toBe(group('2001:470:1fff::1'));
  });

  it('are four bits of a key', () => {
    const onion = (first: number): string =>
      netgroupOf('mainnet', { network: 'torv3', address: Buffer.alloc(32, first), port: 8333 });
    expect(onion(0x71)).toBe(onion(0x7f));
    expect(new Set(Array.from({ length: 256 }, (_, i) => onion(i))).size).toBe(16);
  });

  it('are each address and port on a network of one machine, except for sources of addresses', () => {
    const local = (text: string, port: number): string => netgroupOf('regtest', { ...ip(text), port });
    expect(new Set([local('127.0.0.1', 1), local('127.0.0.1', 2), local('127.0.1.1', 1)]).size).toBe(3);
    expect(sourceGroupOf('regtest', ip('127.0.0.1'))).not.toBe(sourceGroupOf('regtest', ip('127.0.0.2')));
  });
});
