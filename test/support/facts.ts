import type { Facts } from '../../src/live/facts';
import type { LivePeer } from '../../src/live/live';
import { BAND_FLOORS } from '../../src/mempool/fee-bands';
import type { DialState } from '../../src/p2p/dial-state';
import { peer } from './fake-live';

export const NOW_MS = Date.UTC(2026, 0, 31, 12);

/** A configured peer that is connected. */
export function dialOf(changes: Partial<DialState> = {}): DialState {
  return {
    ...{ endpoint: { host: '192.0.2.1', port: 8333 }, connected: '192.0.2.1:8333', failures: 0 },
    ...{ last: null, waitMs: null },
    ...changes,
  };
}

/** A configured peer that can't be reached. */
export function missing(changes: Partial<DialState> = {}): DialState {
  return dialOf({
    ...{ connected: null, failures: 3, waitMs: 4_000 },
    last: { reason: 'connection-refused', text: 'connection-refused', reached: 'nothing' },
    ...changes,
  });
}

/** A peer at the best height. */
export function peerAt(height: number, changes: Partial<LivePeer> = {}): LivePeer {
  return { ...peer(1), startHeight: height, height, ...changes };
}

/** The mempool with this virtual size at these feerates. */
export function bandsOf(vsizeByRate: Readonly<Record<number, number>>, unknownVsize = 0): Facts['mempool'] {
  const vsizes = BAND_FLOORS.map((floor) => vsizeByRate[floor] ?? 0);
  return { transactions: 1_234, vsizes, unknownVsize };
}

/** A node on mainnet that is well, for two hours. */
export function facts(changes: Partial<Facts> = {}): Facts {
  return {
    ...{ network: 'mainnet', nowMs: NOW_MS, startedMs: NOW_MS - 7_200_000 },
    ...{ height: 900_000, grewMs: NOW_MS - 240_000, peers: [peerAt(900_000)], dials: [dialOf()] },
    ...{ peerChange: { lately: 1, before: 1 }, reorgDepth: 0 },
    mempool: bandsOf({ 1: 900_000, 2: 600_000, 10: 300_000 }, 600_000),
    mempoolChange: { lately: 1_234, before: null },
    deliveries: [{ name: 'duckdb', lost: 0, lostMs: null, stuckForMs: null }],
    loop: { lagMs: 2, leastLagMs: 1, stalledMs: 0 },
    ...changes,
  };
}
