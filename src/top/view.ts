import type { PeerRow, TopData } from './data';

/** Orders of the peers. */
export const SORTS = ['direction', 'address', 'ping', 'up', 'in', 'out', 'msg/s'] as const;

export type Sort = (typeof SORTS)[number];

/** What the user has chosen. */
export interface View {
  readonly sort: Sort;
  /** The first peer that is shown. */
  readonly scroll: number;
  readonly paused: boolean;
  readonly help: boolean;
}

/** Everything that a frame is made from. */
export interface Picture {
  readonly data: TopData;
  readonly view: View;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  /** Time between requests. */
  readonly everyMs: number;
  /** Why there is no newer data. */
  readonly trouble: string | null;
}

/** Outbound peers first, and within each direction the shortest ping first, as in `bitcoin-cli -netinfo`. */
const byDirection = (a: PeerRow, b: PeerRow): number =>
  Number(b.outbound) - Number(a.outbound) ||
  (a.leastPingMs ?? Infinity) - (b.leastPingMs ?? Infinity) ||
  a.id - b.id;

const ORDERS: Readonly<Record<Sort, (a: PeerRow, b: PeerRow) => number>> = {
  direction: byDirection,
  address: (a, b) => a.address.localeCompare(b.address),
  ping: (a, b) => (a.leastPingMs ?? Infinity) - (b.leastPingMs ?? Infinity),
  up: (a, b) => a.sinceMs - b.sinceMs,
  in: (a, b) => b.bytesRecv - a.bytesRecv,
  out: (a, b) => b.bytesSent - a.bytesSent,
  'msg/s': (a, b) => (b.messagesPerS ?? 0) - (a.messagesPerS ?? 0),
};

/** Peers in the chosen order. */
export function sorted(peers: readonly PeerRow[], sort: Sort): readonly PeerRow[] {
  const order = ORDERS[sort];
  // Infinity - Infinity is NaN, so the order can be undefined.
  return [...peers].sort((a, b) => order(a, b) || a.id - b.id);
}
