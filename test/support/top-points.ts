import { COLLECTORS } from '../../src/metrics/collectors/list';
import type { Point } from '../../src/metrics/point';
import type { PeerInfo } from '../../src/p2p/p2p-events';
import { fakeHash } from './fake-hash';
import { benchOf, somePeer } from './points';

/** Time of the last interval of {@link topPoints}. */
export const LAST_MS = Date.UTC(2026, 0, 31, 12, 0, 0);

const INTERVALS = 20;
const INTERVAL_MS = 5_000;

/** The sums of one node's `topPoints` in the minute before its last interval. */
export const MINUTE = {
  intervals: 12,
  inv: 3 * 12,
  invBytes: 61 * 3 * 12,
  getdata: 12,
  getdataBytes: 50 * 12,
};

/**
 * Points that the collectors make for a node in 20 intervals of 5 s. Each interval has 3 `inv` and a
 * `getdata`, and drops a point. In the 10th a peer connects and blocks arrive: block 7 is valid, block 8 is
 * judged twice, and one is unrequested.
 */
export function topPoints(node: string, lastMs = LAST_MS): readonly Point[] {
  let dropped = 0;
  const exporters = () => [{ name: 'duckdb', sent: 9, acked: 8, dropped: dropped++, queued: 7, retried: 6 }];
  const mempool = { transactions: 5, bytes: 1_234, withFee: 2, orphans: 1 };
  const bench = benchOf(COLLECTORS, { exporters, mempool });
  const peer: PeerInfo = { ...somePeer, claims: null };
  const claims = {
    version: 70_016,
    services: 9n,
    userAgent: '/x:1/',
    time: 0n,
    startHeight: 5,
    relay: true,
    nonce: 0n,
  };
  const block = { size: 285, weight: 1_140, transactions: [], hash: 'f'.repeat(64) } as never;
  const judged = { block, peerAddress: 'x', reason: undefined, processTimeMs: 1.5, totalTxFees: 10 };
  for (let i = 0; i < INTERVALS; i++) {
    const endMs = lastMs - (INTERVALS - 1 - i) * INTERVAL_MS;
    bench.clock.ns = BigInt(endMs - 1_000) * 1_000_000n;
    for (let n = 0; n < 3; n++) bench.bus.emit('received', { peer, command: 'inv', bytes: 61 });
    bench.bus.emit('sent', { peer, command: 'getdata', bytes: 50 });
    if (i === 10) {
      bench.bus.emit('handshake', { peer, claims });
      bench.bus.emit('processedBlock', { ...judged, status: 'accepted', height: 7 });
      const second = { ...judged, block: { ...(block as object), hash: 'e'.repeat(64) } as never };
      bench.bus.emit('processedBlock', {
        ...second,
        status: 'orphan',
        height: undefined,
        totalTxFees: undefined,
      });
      bench.bus.emit('processedBlock', { ...second, status: 'accepted', height: 8 });
      bench.bus.emit('processedBlock', { ...judged, status: 'unrequested', height: 9 });
    }
    bench.bus.emit('conflict', {
      ...{ txid: fakeHash('a'), conflictsWith: fakeHash('b'), prevTxid: fakeHash('c'), prevIndex: 0 },
      ...{ fee: undefined, otherFee: undefined },
    });
    bench.clock.ns = BigInt(endMs) * 1_000_000n;
    bench.interval();
  }
  return bench.points.map((point) => ({ ...point, tags: { ...point.tags, node } }));
}
