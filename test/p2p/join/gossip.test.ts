import { AddrAllowance } from '../../../src/p2p/join/addr-allowance';
import { AddressManager } from '../../../src/p2p/join/address-manager';
import { Bans, banSubject } from '../../../src/p2p/join/bans';
import { AddrResponseCache } from '../../../src/p2p/join/addr-response-cache';
import { Gossip } from '../../../src/p2p/join/gossip';
import { EventBus } from '../../../src/lib/event-bus';
import type { Connection } from '../../../src/p2p/connection';
import { decodeAddr, encodeAddr } from '../../../src/wire/messages/addr';
import { decodeAddrV2, encodeAddrV2 } from '../../../src/wire/messages/addrv2';
import type { NetworkAddress } from '../../../src/wire/messages/network-address';

const HOUR_MS = 3_600_000;

describe('the address allowance of a peer', () => {
  it('is one address, and one more every ten seconds', () => {
    const allowance = new AddrAllowance(0);
    expect(allowance.take(10, 0)).toBe(1);
    expect(allowance.take(10, 9_000)).toBe(0);
    expect(allowance.take(10, 10_000)).toBe(1);
    expect(allowance.take(10, 60_000)).toBe(5);
  });

  it('is a thousand more after a getaddr, which waiting does not increase', () => {
    const allowance = new AddrAllowance(0);
    allowance.asked();
    expect(allowance.take(1_000, 100 * HOUR_MS)).toBe(1_000);
    expect(allowance.take(1_000, 100 * HOUR_MS)).toBe(1);
    expect(allowance.take(5_000, 200 * HOUR_MS)).toBe(1_000);
  });
});

const entry = (i: number): NetworkAddress => ({
  ...{ network: 'ipv4', address: Buffer.from([20, i >> 8, i & 0xff, 1]) },
  ...{ port: 8333, services: (1n << 63n) | BigInt(i), time: 1_800_000_000 - i },
});

describe('the response to getaddr', () => {
  function answersOf(count: number): {
    answers: AddrResponseCache;
    addrman: AddressManager;
    wait: (ms: number) => void;
  } {
    let ms = 0;
    const unixTime = (): number => 1_800_000_000;
    const addrman = new AddressManager({ network: 'mainnet', secret: Buffer.alloc(32), unixTime });
    for (let i = 0; i < count; i++) addrman.add(entry(i), `source${i % 500}`);
    expect(addrman.size).toBeGreaterThanOrEqual(count * 0.9);
    const answers = new AddrResponseCache(addrman, () => ms, unixTime);
    return { answers, addrman, wait: (time) => (ms += time) };
  }

  it.each([
    [0, 0],
    [4, 0],
    [5, 1],
    [100, 23],
  ])('has, of %d known addresses, %d', (known, told) =>
    expect(answersOf(known).answers.addresses()).toHaveLength(told),
  );

  it('has at most a thousand addresses, each once', () => {
    const addresses = answersOf(6_000).answers.addresses();
    expect(addresses).toHaveLength(1_000);
    expect(new Set(addresses.map(({ address }) => address.toString('hex'))).size).toBe(1_000);
  });

  it('is the same for at least 21 hours, and different after 27', () => {
    const { answers, addrman, wait } = answersOf(100);
    const first = answers.addresses();
    for (const known of addrman.addresses()) addrman.worked(known, 1n);
    wait(20.9 * HOUR_MS);
    expect(answers.addresses()).toEqual(first);
    wait(6.2 * HOUR_MS);
    expect(answers.addresses()).not.toEqual(first);
  });

  it('is another one for peers from this machine, who may come by our onion service', () => {
    const { addrman } = answersOf(100);
    const gossip = new Gossip({
      ...{ bus: new EventBus(), addrman, monotonicMs: () => 0, unixTime: () => 1_800_000_000 },
      changed: () => undefined,
    });
    const answerTo = (host: string): string => {
      let answer = '';
      const send = (_: string, payload: Buffer): unknown => (answer = payload.toString('hex'));
      gossip.answer({
        ...{ host, outbound: false, established: true, addrV2: true },
        send,
      } as unknown as Connection);
      return answer;
    };
    const other = answerTo('20.0.0.1');
    expect(decodeAddrV2(Buffer.from(other, 'hex'))).toHaveLength(23);
    expect(answerTo('2a01::1')).toBe(other);
    const local = answerTo('127.0.0.1');
    expect(decodeAddrV2(Buffer.from(local, 'hex'))).toHaveLength(23);
    expect(answerTo('::1')).toBe(local);
    expect(local).not.toBe(other);
  });

  it('omits useless addresses', () => {
    const { answers, addrman } = answersOf(100);
    const [good] = addrman.addresses();
    for (const known of addrman.addresses()) if (known !== good) known.time = 0;
    expect(answers.addresses().map(({ port, address }) => ({ port, address }))).toEqual([
      { port: 8333, address: good?.address },
    ]);
  });

  it('is not computed for each request if it is empty', () => {
    const { answers, addrman, wait } = answersOf(100);
    for (const known of addrman.addresses()) known.time = 0;
    const looks = jest.spyOn(addrman, 'addresses');
    for (let i = 0; i < 10; i++) expect(answers.addresses()).toEqual([]);
    expect(looks).toHaveBeenCalledTimes(1);
    for (const known of addrman.addresses()) addrman.worked(known, 1n);
    wait(60_000);
    expect(answers.addresses()).toHaveLength(23);
  });
});

describe('encoding', () => {
  const onion: NetworkAddress = { ...entry(3), network: 'torv3', address: Buffer.alloc(32, 9) };
  const ipv6: NetworkAddress = { ...entry(4), network: 'ipv6', address: Buffer.alloc(16, 0x2a) };

  it('of addrv2 matches its decoder', () => {
    const all = [entry(1), onion, ipv6, { ...entry(5), services: 0x1234n }];
    expect(decodeAddrV2(encodeAddrV2(all))).toEqual(all);
    const many = Array.from({ length: 1_000 }, (_, i) => entry(i));
    expect(decodeAddrV2(encodeAddrV2(many))).toEqual(many);
  });

  it('of addr omits addresses that it cannot express', () => {
    expect(decodeAddr(encodeAddr([entry(1), onion, ipv6]))).toEqual([entry(1), ipv6]);
  });
});

describe('bans', () => {
  it.each([
    ['mainnet', '9.9.9.9', true, '9.9.9.9'],
    ['mainnet', '2a00::1', false, '2a00::1'],
    ['mainnet', '127.0.0.1', false, null],
    ['mainnet', '::1', true, null],
    ['regtest', '127.0.0.1', false, '127.0.0.1'],
    ['regtest', '127.0.0.1', true, '127.0.0.1:8333'],
    ['regtest', '::1', true, '[::1]:8333'],
  ] as const)('on %s are for %s (dialled: %p) of %s', (network, host, outbound, subject) =>
    expect(banSubject(network, { host, outbound, port: 8333 })).toBe(subject),
  );

  it('end after a day', () => {
    let now = 1_000;
    const bans = new Bans({ unixTime: () => now, monotonicMs: () => now * 1_000 });
    bans.add('192.0.2.1');
    expect([bans.has('192.0.2.1'), bans.has('192.0.2.2'), bans.size]).toEqual([true, false, 1]);
    now += 86_399;
    expect(bans.size).toBe(1);
    now += 1;
    expect([bans.has('192.0.2.1'), bans.size]).toEqual([false, 0]);
  });

  it('are bounded, and those that end first are removed first', () => {
    const bans = new Bans({ unixTime: () => 1_000, monotonicMs: () => 0 });
    for (let i = 0; i < 10_500; i++) bans.add(`a${i}`);
    bans.add('a600');
    expect(bans.size).toBe(10_000);
    expect(['a499', 'a500', 'a10499'].map((name) => bans.has(name))).toEqual([false, true, true]);
  });
});
