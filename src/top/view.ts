import type { PeerRow, TopData } from './data';

/** In what order peers are shown. */
export const SORTS = ['direction', 'address', 'ping', 'up', 'in', 'out', 'msg/s'] as const;

/** One of `SORTS`. */
export type Sort = (typeof SORTS)[number];

/** What the reader has chosen. */
export interface View {
  readonly sort: Sort;
  /** The first peer that is shown. */
  readonly scroll: number;
  readonly paused: boolean;
  readonly help: boolean;
}

/** All that a frame is made from. */
export interface Picture {
  readonly data: TopData;
  readonly view: View;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  /** How often it is asked anew. */
  readonly everyMs: number;
  /** Why there is nothing newer. */
  readonly trouble: string | null;
}

/** Outbound peers first, and within each direction the nearest: as `bitcoin-cli -netinfo` has them. */
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
  'msg/s': (a, b) => b.messagesPerS - a.messagesPerS,
};

/** Peers in the order that was chosen. */
export function sorted(peers: readonly PeerRow[], sort: Sort): readonly PeerRow[] {
  const order = ORDERS[sort];
  // Infinity - Infinity is no order.
  return [...peers].sort((a, b) => order(a, b) || a.id - b.id);
}
