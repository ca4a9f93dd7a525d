import { isInShard } from '../../../src/p2p/join/shard';
import { parseHost } from '../../../src/p2p/join/host';
import type { NetworkName } from '../../../src/wire/networks';

const shardsOf = (host: string, count: number, network: NetworkName = 'mainnet', port = 8333): number[] => {
  const raw = parseHost(host);
  if (raw === null) throw new Error(`${host} is no address`);
  return Array.from({ length: count }, (_, i) => i + 1).filter((number) =>
    isInShard(network, { ...raw, port }, { number, count }),
  );
};

it('an address is in exactly one shard, that of its netgroup, whatever its port', () => {
  for (let i = 0; i < 250; i++) {
    const shards = shardsOf(`44.${i}.1.1`, 16);
    expect(shards).toHaveLength(1);
    expect(shardsOf(`44.${i}.200.7`, 16, 'mainnet', 18_333)).toEqual(shards);
  }
});

it('shards are of about one size', () => {
  const counts = Array.from({ length: 16 }, () => 0);
  for (let i = 0; i < 16_000; i++) {
    const [shard = 0] = shardsOf(`${1 + Math.floor(i / 250)}.${i % 250}.1.1`, 16);
    counts[shard - 1] = (counts[shard - 1] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1_150);
});

it('the hash is the one that is documented', () => {
  // printf ipv4:0a01 | sha256sum begins with 3548dde9 on any machine.
  expect(shardsOf('10.1.2.3', 1_024)).toEqual([490]);
});
