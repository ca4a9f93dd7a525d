import { formatAddress, parseAddress } from '../../src/crawl/address-key';
import { Frontier, type FrontierOptions } from '../../src/crawl/frontier';
import { AddressList } from '../../src/p2p/join/address-lists';
import type { RawEndpoint } from '../../src/p2p/join/reachability';

const at = (text: string): RawEndpoint => {
  const endpoint = parseAddress(text);
  if (endpoint === null) throw new Error(`${text} is no address`);
  return endpoint;
};

const frontierOf = (options: Partial<FrontierOptions> = {}): Frontier =>
  new Frontier({ network: 'mainnet', reaches: (to) => to !== 'i2p', excluded: undefined, ...options });

/** All addresses that wait, in any order. */
function takeAll(frontier: Frontier): string[] {
  const taken: string[] = [];
  for (let next = frontier.take(); next !== undefined; next = frontier.take())
    taken.push(`${formatAddress(next.endpoint)} ${next.services?.toString(16) ?? 'named'}`);
  return taken.sort();
}

it('gives each address once, with all services that are told of it', () => {
  const frontier = frontierOf();
  expect(frontier.add(at('1.2.3.4:8333'), 1n)).toBe(true);
  expect(frontier.add(at('1.2.3.4:8333'), 0x80000800n)).toBe(false);
  expect(frontier.add(at('1.2.3.4:8334'), 9n)).toBe(true);
  expect(frontier.addNamed(at('10.0.0.1:18333'))).toBe(true);
  expect(takeAll(frontier)).toEqual(['1.2.3.4:8333 80000801', '1.2.3.4:8334 9', '10.0.0.1:18333 named']);
  expect(frontier.add(at('1.2.3.4:8333'), 1n)).toBe(false);
  expect([frontier.size, frontier.left]).toEqual([3, 0]);
});

it('refuses what leads nowhere, or where it must not', () => {
  const frontier = frontierOf();
  for (const text of ['10.0.0.1:8333', '127.0.0.1:8333', '1.2.3.4:25', '[2001:db8::1]:8333'])
    expect([text, frontier.add(at(text), 9n)]).toEqual([text, false]);
  expect(frontier.add(at('ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0'), 9n)).toBe(false);
  expect([frontier.size, frontier.dropped]).toEqual([0, 0]);
});

it('leaves excluded addresses alone, whoever names them, and counts each once', () => {
  const frontier = frontierOf({ excluded: AddressList.parse('1.2.0.0/16\n', 'x') });
  expect(frontier.add(at('1.2.3.4:8333'), 9n)).toBe(false);
  expect(frontier.add(at('1.2.3.4:8333'), 9n)).toBe(false);
  expect(frontier.addNamed(at('1.2.9.9:8333'))).toBe(false);
  expect(frontier.add(at('1.3.3.4:8333'), 9n)).toBe(true);
  expect(takeAll(frontier)).toEqual(['1.3.3.4:8333 9']);
  expect(frontier.excluded).toBe(2);
});

it('bounds the addresses of a subnet: a machine with all its ports, a /64 with all its addresses', () => {
  const frontier = frontierOf();
  for (let port = 2_000; port < 60_000; port++) frontier.add(at(`1.2.3.${port & 255}:${port}`), 9n);
  expect([frontier.size, frontier.dropped]).toEqual([512, 57_488]);
  for (let i = 0; i < 1_000; i++) frontier.add(at(`[2a01:4f8:0:1::${i.toString(16)}]:8333`), 9n);
  expect(frontier.size).toBe(1_024);
  // Others have their place.
  expect(frontier.add(at('1.2.4.1:8333'), 9n)).toBe(true);
  expect(frontier.add(at('[2a01:4f8:0:2::1]:8333'), 9n)).toBe(true);
});

it('bounds all addresses', () => {
  const frontier = frontierOf({ maxKnown: 10 });
  for (let i = 0; i < 100; i++) frontier.add(at(`1.2.${i}.1:8333`), 9n);
  expect([frontier.size, frontier.left, frontier.dropped]).toEqual([10, 10, 90]);
});

it('spreads what one node told: the addresses come in no order', () => {
  const frontier = frontierOf();
  for (let i = 0; i < 200; i++) frontier.add(at(`1.2.${i}.1:8333`), 9n);
  const taken = Array.from({ length: 200 }, () => {
    const next = frontier.take();
    return next === undefined ? '' : formatAddress(next.endpoint);
  });
  expect(new Set(taken).size).toBe(200);
  expect(taken).not.toEqual(Array.from({ length: 200 }, (_, i) => `1.2.${i}.1:8333`));
  expect(taken).not.toEqual(Array.from({ length: 200 }, (_, i) => `1.2.${199 - i}.1:8333`));
});
