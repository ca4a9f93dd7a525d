import type { P2PEvents } from '../p2p/p2p-events';
import { displayOf } from '../wire/hash';

/** What a record of the kind `fact` says of an event, beside its name: numbers, texts, true and false. */
export type FactFields = Readonly<Record<string, unknown>>;

/** Events that are recorded in another way, or that only a tap has. */
type OtherEvent = 'opened' | 'received' | 'sent' | 'bytesRead' | 'bytesWritten' | 'bytesMissed' | 'relayed';

/**
 * What is recorded of each event besides the message that caused it: what follows from no message, such as
 * whether the pool had asked for a block. The time at which it came, `receivedMs`, is recorded as the first
 * reading of the clock.
 */
export const FACTS: {
  readonly [E in Exclude<keyof P2PEvents, OtherEvent>]: (event: P2PEvents[E]) => FactFields;
} = {
  overhead: ({ kind, read, written }) => ({ kind, read, written }),
  handshake: () => ({}),
  disconnected: ({ established, reason }) => ({ established, reason }),
  refused: ({ reason, count }) => ({ reason, count }),
  violation: ({ reason }) => ({ reason }),
  announced: ({ known }) => ({ known }),
  blockAnnounced: ({ hash }) => ({ hash: displayOf(hash) }),
  addresses: () => ({}),
  addressesLimited: ({ count }) => ({ count }),
  addressTried: ({ isReachable }) => ({ isReachable }),
  requested: ({ count }) => ({ count }),
  notFound: ({ count }) => ({ count }),
  pong: ({ rttMs }) => ({ rttMs }),
  feeFilter: ({ perKvb }) => ({ perKvb }),
  rateLimited: ({ count }) => ({ count }),
  transaction: ({ first }) => ({ first }),
  transactionShed: () => ({}),
  headers: () => ({}),
  block: ({ first, requested, fetched }) => ({ first, requested, fetched }),
  compactBlock: ({ hash, ...counts }) => ({ hash: displayOf(hash), ...counts }),
};

/** What is recorded of connections where only some commands are wanted. */
export const CONNECTION_EVENTS: ReadonlySet<string> = new Set(['opened', 'handshake', 'disconnected']);
