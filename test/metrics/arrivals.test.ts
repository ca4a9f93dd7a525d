import { arrivals } from '../../src/metrics/collectors/arrivals';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { displayOf, hash256, type Hash } from '../../src/wire/hash';
import { INV_BLOCK, INV_TX, INV_WTX } from '../../src/wire/messages/inventory';
import { fakeHash } from '../support/fake-hash';
import { type Bench, benchOf, somePeer } from '../support/points';

const peerOf = (id: number): PeerInfo => ({
  ...somePeer,
  id,
  address: `8.8.${id % 200}.8:8333`,
  outbound: id % 2 === 1,
});
const [a, b, c] = [peerOf(1), peerOf(2), peerOf(3)];

function announce(bench: Bench, peer: PeerInfo, ms: number, hash: Hash, type = INV_WTX): void {
  bench.clock.ms = ms;
  bench.bus.emit('announced', { peer, items: [{ type, hash }], known: 0 });
}

function announceBlock(bench: Bench, peer: PeerInfo, ms: number, hash: Hash): void {
  bench.clock.ms = ms;
  bench.bus.emit('blockAnnounced', { peer, hash });
}

const told = (bench: Bench): readonly unknown[] =>
  bench.points.map(({ tags, fields }) => [tags['kind'], fields['address'], fields['sha'], fields['delay']]);

it('tells of each peer’s first announcement, of blocks and of transactions', () => {
  const bench = benchOf([arrivals], { arrivalsSample: 1, asnOf: () => 15_169 });
  const [tx, block] = [fakeHash('tx'), fakeHash('block')];
  announce(bench, a, 100, tx);
  announce(bench, b, 150, tx, INV_TX);
  announce(bench, a, 160, tx);
  announce(bench, c, 170, block, INV_BLOCK);
  announceBlock(bench, c, 170, block);
  announceBlock(bench, a, 400, block);
  announceBlock(bench, c, 500, block);
  bench.bus.emit('block', {
    ...{ peer: b, block: { wireHash: block } as never, first: false, requested: false, receivedMs: 600 },
  });
  bench.bus.emit('block', {
    ...{
      peer: peerOf(9),
      block: { wireHash: block } as never,
      first: true,
      requested: true,
      receivedMs: 700,
    },
  });
  expect(told(bench)).toEqual([
    ['tx', '8.8.1.8:8333', displayOf(tx), 0],
    ['tx', '8.8.2.8:8333', displayOf(tx), 50],
    ['block', '8.8.3.8:8333', displayOf(block), 0],
    ['block', '8.8.1.8:8333', displayOf(block), 230],
    ['block', '8.8.2.8:8333', displayOf(block), 430],
  ]);
  expect(bench.points.map(({ fields }) => fields['is_wtxid'])).toEqual([
    ...[true, false, undefined, undefined, undefined],
  ]);
  expect(bench.points[1]?.fields).toMatchObject({
    ...{ netgroup: '8.8.0.0/16', asn: 15_169, address_network: 'ipv4', is_inbound: true },
  });
  expect(bench.lines()).toHaveLength(5);
});

it('tells nothing where it is not wanted', () => {
  const bench = benchOf([arrivals]);
  announce(bench, a, 0, fakeHash('tx'));
  announceBlock(bench, a, 0, fakeHash('block'));
  bench.interval();
  expect(bench.points).toEqual([]);
});

it('takes the same sample of transactions in each run, of about the wished size', () => {
  const run = (): readonly unknown[] => {
    const bench = benchOf([arrivals], { arrivalsSample: 16 });
    // One at a time, so that none is left out because others are followed.
    for (let i = 0; i < 4_000; i++) announce(bench, a, i * 60_000, hash256(Buffer.from(`tx ${i}`)));
    return bench.points.map(({ fields }) => fields['sha']);
  };
  const sample = run();
  expect(sample.length).toBeGreaterThan(180);
  expect(sample.length).toBeLessThan(320);
  expect(run()).toEqual(sample);
});

it('follows an item for its time, and never again', () => {
  const bench = benchOf([arrivals], { arrivalsSample: 1 });
  const tx = fakeHash('tx');
  announce(bench, a, 0, tx);
  announce(bench, b, 59_999, tx);
  bench.clock.ms = 60_000;
  bench.interval();
  announce(bench, c, 60_001, tx);
  announceBlock(bench, a, 100_000, fakeHash('block'));
  bench.interval();
  announceBlock(bench, b, 699_999, fakeHash('block'));
  bench.clock.ms = 700_000;
  bench.interval();
  announceBlock(bench, c, 700_001, fakeHash('block'));
  expect(bench.points.map(({ tags, fields }) => [tags['kind'], fields['address']])).toEqual([
    ['tx', a.address],
    ['tx', b.address],
    ['block', a.address],
    ['block', b.address],
  ]);
});

it('has a bound for what spreads at a time, and for the share of one peer', () => {
  const bench = benchOf([arrivals], { arrivalsSample: 1 });
  for (let i = 0; i < 1_000; i++) announce(bench, a, 0, fakeHash(`of a ${i}`));
  // Half of the places, as the share of one peer counts from then on.
  expect(bench.points).toHaveLength(32);
  for (let id = 10; id < 100; id++) announce(bench, peerOf(id), 0, fakeHash(`of ${id}`));
  expect(bench.points).toHaveLength(64);
  announce(bench, a, 60_001, fakeHash('later'));
  expect(bench.points).toHaveLength(65);
});
