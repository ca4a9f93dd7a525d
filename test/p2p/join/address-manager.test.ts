import { AddressManager } from '../../../src/p2p/join/address-manager';
import { keyOf } from '../../../src/p2p/join/known-address';
import type { NetworkAddress } from '../../../src/wire/messages/network-address';
import type { NetworkName } from '../../../src/wire/networks';

const NOW = 1_800_000_000;
const DAY = 86_400;

let now = NOW;
beforeEach(() => (now = NOW));

const bookOf = (network: NetworkName = 'mainnet'): AddressManager =>
  new AddressManager({ network, secret: Buffer.alloc(32, 1), unixTime: () => now });

const told = (
  address: readonly [number, number, number, number],
  more: Partial<NetworkAddress> = {},
): NetworkAddress => ({
  ...{ network: 'ipv4', address: Buffer.from(address), port: 8333, services: 9n, time: NOW - DAY },
  ...more,
});

/** Addresses of routable groups, `count` in each. */
function* flood(groups: number, count: number): Generator<NetworkAddress> {
  for (let group = 0; group < groups; group++)
    for (let i = 0; i < count; i++)
      yield told([20 + Math.floor(group / 256), group % 256, Math.floor(i / 256), i % 256]);
}

describe('an announced address', () => {
  it('is added once, two hours older than announced', () => {
    const addrman = bookOf();
    expect(addrman.add(told([8, 8, 8, 8]), 's')).toBe(true);
    expect(addrman.add(told([8, 8, 8, 8]), 'other')).toBe(false);
    expect(addrman.size).toBe(1);
    expect([...addrman.addresses()][0]).toMatchObject({
      time: NOW - DAY - 7_200,
      sourceGroup: 's',
      lastSuccess: 0,
    });
  });

  it.each([
    ['the future', NOW + 601],
    ['before Bitcoin', 100_000_000],
    ['no time', 0],
  ])('counts as five days old if its time is in %s', (_, time) => {
    const addrman = bookOf();
    addrman.add(told([8, 8, 8, 8], { time }), 's');
    expect([...addrman.addresses()][0]?.time).toBe(NOW - 5 * DAY);
  });

  it('is newer when announced again, and has all announced services', () => {
    const addrman = bookOf();
    const known = told([8, 8, 8, 8], { time: NOW - 10 * DAY });
    addrman.add(known, 's');
    addrman.add({ ...known, time: NOW - 60, services: 1n << 63n }, 's');
    expect([...addrman.addresses()][0]).toMatchObject({ time: NOW - 60 - 7_200, services: (1n << 63n) | 9n });
  });

  it('is not added if it cannot be reached', () => {
    const addrman = bookOf();
    expect(addrman.add(told([127, 0, 0, 1]), 's')).toBe(false);
    expect(addrman.add(told([10, 0, 0, 1]), 's')).toBe(false);
    expect(addrman.add(told([8, 8, 8, 8], { port: 0 }), 's')).toBe(false);
    expect(bookOf('regtest').add(told([8, 8, 8, 8]), 's')).toBe(false);
    expect(bookOf('regtest').add(told([127, 0, 3, 1]), 's')).toBe(true);
    expect(addrman.size).toBe(0);
  });

  it('is stored as a copy of the bytes', () => {
    const addrman = bookOf();
    const address = Buffer.from([8, 8, 8, 8]);
    addrman.add(told([0, 0, 0, 0], { address }), 's');
    address.fill(9);
    expect([...addrman.addresses()][0]?.address).toEqual(Buffer.from([8, 8, 8, 8]));
  });
});

describe('a hostile peer', () => {
  it('fills a sixteenth of the buckets, whatever it sends', () => {
    const addrman = bookOf();
    for (const address of flood(800, 20)) addrman.add(address, 'hostile');
    expect(addrman.size).toBeGreaterThan(500);
    expect(addrman.size).toBeLessThanOrEqual(1_024);
    // There is room for the addresses of others.
    let kept = 0;
    for (let i = 0; i < 200; i++) if (addrman.add(told([9, i, 1, 1]), `honest${i}`)) kept++;
    expect(kept).toBeGreaterThan(170);
  });

  it('gets 64 entries for all addresses of one netgroup', () => {
    const addrman = bookOf();
    for (const address of flood(1, 5_000)) addrman.add(address, 'hostile');
    expect(addrman.size).toBe(64);
  });

  it('of many netgroups fills all buckets, and replaces no address that has worked', () => {
    const addrman = bookOf();
    addrman.add(told([9, 9, 9, 9]), 'friend');
    const friend = addrman.get(keyOf(told([9, 9, 9, 9])));
    if (friend === undefined) throw new Error('it was not kept');
    addrman.worked(friend, 9n);
    for (let source = 0; source < 200; source++)
      for (const address of flood(60, 5))
        addrman.add({ ...address, port: 2_000 + source }, `hostile${source}`);
    expect(addrman.size).toBeGreaterThan(14_000);
    expect(addrman.size).toBeLessThanOrEqual(16_384);
    expect(addrman.get(friend.key)).toBe(friend);
  });
});

describe('an address in a full bucket is replaced', () => {
  const full = (): AddressManager => {
    const addrman = bookOf();
    for (const address of flood(1, 64)) addrman.add(address, 's');
    expect(addrman.size).toBe(64);
    return addrman;
  };
  const late = told([20, 0, 200, 200]);

  it('not while it is good', () => expect(full().add(late, 's')).toBe(false));

  it('if it was not seen for a month', () => {
    const addrman = full();
    now = NOW + 31 * DAY;
    expect(addrman.add({ ...late, time: now }, 's')).toBe(true);
    expect(addrman.size).toBe(64);
  });

  it('if it failed three times and never worked, after a minute', () => {
    const addrman = full();
    const known = addrman.get(keyOf(told([20, 0, 0, 7])));
    if (known === undefined) throw new Error('it was not kept');
    for (let i = 0; i < 3; i++) addrman.failed(known, true);
    expect(addrman.add(late, 's')).toBe(false);
    now += 61;
    expect(addrman.add(late, 's')).toBe(true);
    expect(addrman.get(known.key)).toBeUndefined();
  });

  it('not for failures that may be ours', () => {
    const addrman = full();
    for (const known of addrman.addresses()) for (let i = 0; i < 5; i++) addrman.failed(known, false);
    now += 61;
    expect(addrman.add(late, 's')).toBe(false);
  });
});

describe('pick', () => {
  it('returns every accepted address eventually, and no other', () => {
    const addrman = bookOf();
    for (const address of flood(50, 2)) addrman.add(address, 's');
    const first = [...addrman.addresses()][0];
    if (first !== undefined) addrman.worked(first, 9n);
    const seen = new Set<string>();
    for (let i = 0; i < 20_000 && seen.size < 50; i++) {
      const known = addrman.pick(({ address }) => address[3] === 0);
      expect(known?.address[3]).toBe(0);
      if (known !== undefined) seen.add(known.key);
    }
    expect(seen.size).toBe(50);
    expect(addrman.pick(() => false)).toBeUndefined();
  });
});
