import { peerSessions } from '../../src/metrics/collectors/peer-sessions';
import { peers } from '../../src/metrics/collectors/peers';
import { RankedCounts } from '../../src/lib/ranked-counts';
import { PeerAccounts } from '../../src/metrics/sessions/peer-accounts';
import { spreadFields } from '../../src/metrics/sessions/peer-spread';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { type Bench, benchOf, somePeer } from '../support/points';

const NOW_S = 1_700_000_000;

describe('spreadFields', () => {
  const spread = (fees: readonly number[], offsets: readonly number[]) =>
    spreadFields({ feeFilters: RankedCounts.of(fees), timeOffsets: RankedCounts.of(offsets) });

  it('is empty where nobody told anything', () => {
    expect(spread([], [])).toEqual({});
  });

  it('has quantiles by nearest rank, in sat/vB', () => {
    const feeFilters = [10_000, 100, 999, 1_000, 2_500, 0, 5_000, 3_000, 1_001, 4_000];
    expect(spread(feeFilters, [3, -70, 1, 0, -1])).toEqual({
      ...{ fee_filter_min: 0, fee_filter_p50: 1.001, fee_filter_p90: 5, fee_filter_low: 3 },
      ...{ time_offset_p50: 0, time_offset_max: -70 },
    });
    expect(spread([1_000], [5, -4])).toMatchObject({
      ...{ fee_filter_low: 0, fee_filter_p90: 1, time_offset_p50: -4, time_offset_max: 5 },
    });
    const counted = RankedCounts.of([5_000]);
    counted.add(100, 9);
    expect(spreadFields({ feeFilters: counted, timeOffsets: RankedCounts.of([]) })).toEqual({
      ...{ fee_filter_min: 0.1, fee_filter_p50: 0.1, fee_filter_p90: 0.1, fee_filter_low: 9 },
    });
  });
});

describe('peers', () => {
  const opened = (bench: Bench, address: string): PeerInfo => {
    const claims = {
      ...{ version: 70_016, services: 1n, userAgent: '/x/', startHeight: 5, relay: true, nonce: 0n },
      time: BigInt(NOW_S + Number(address)),
    };
    const peer = { ...somePeer, address, claims };
    bench.bus.emit('opened', { peer });
    bench.bus.emit('handshake', { peer, claims });
    return peer;
  };

  it('tells fee filters and clocks of the peers that are connected', () => {
    const monotonicMs = () => 0;
    const accounts = new PeerAccounts({ nowMs: () => NOW_S * 1_000, monotonicMs });
    const bench = benchOf([peers, peerSessions], { accounts });
    const gauges = () => {
      bench.interval();
      return bench.points.filter(({ series }) => series === 'peers').at(-1)?.fields;
    };
    expect(gauges()).not.toHaveProperty('fee_filter_low');
    const [first, second, third] = ['-90', '2', '30'].map((address) => opened(bench, address));
    if (first === undefined || second === undefined || third === undefined) throw new Error('no peers');
    bench.bus.emit('feeFilter', { peer: first, perKvb: 100 });
    bench.bus.emit('feeFilter', { peer: first, perKvb: 1_500 });
    bench.bus.emit('feeFilter', { peer: second, perKvb: 100 });
    // More than all the money: nonsense.
    bench.bus.emit('feeFilter', { peer: third, perKvb: 21e14 + 1 });
    // Its handshake is not complete.
    const stranger = { ...somePeer, address: '7' };
    bench.bus.emit('opened', { peer: stranger });
    bench.bus.emit('feeFilter', { peer: stranger, perKvb: 1 });
    expect(gauges()).toMatchObject({
      ...{ fee_filter_min: 0.1, fee_filter_p50: 0.1, fee_filter_p90: 1.5, fee_filter_low: 1 },
      ...{ time_offset_p50: 2, time_offset_max: -90 },
    });
    bench.bus.emit('disconnected', { peer: first, established: true, reason: 'closed-by-peer' });
    bench.bus.emit('disconnected', { peer: second, established: true, reason: 'closed-by-peer' });
    expect(gauges()).toMatchObject({ time_offset_p50: 30, time_offset_max: 30 });
    expect(gauges()).not.toHaveProperty('fee_filter_low');
  });
});
