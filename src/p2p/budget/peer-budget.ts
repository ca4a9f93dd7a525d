import type { CountedCommand } from '../../wire/commands';
import {
  INV_BLOCK,
  INV_TX,
  INV_WITNESS_FLAG,
  INV_WTX,
  type InventoryItem,
  ITEM_BYTES,
} from '../../wire/messages/inventory';
import { type BucketSize, TokenBucket } from './token-bucket';

/**
 * Messages that a stranger may send without being asked. A busy Core or btcd sends a few in a second. A
 * regtest node that mines announces thousands of blocks at once.
 */
const MESSAGES = { capacity: 50_000, perSecond: 200 };

/**
 * Bytes of unrequested messages, including headers. Announcements on mainnet are 1 kB in a second; a compact
 * block is 20 to 100 kB.
 */
const BYTES = { capacity: 16_000_000, perSecond: 256_000 };

/**
 * Items of inventories. Core and btcd announce 1,000 in a message and a few hundred in a second at most (Core
 * 31 `src/net_processing.cpp` INVENTORY_BROADCAST_MAX, btcd v0.26 `peer/peer.go` maxInvTrickleSize); mainnet
 * has 7 to 50 in a second. The protocol allows 50,000 in a message, which would delay all peers by 0.2 s.
 */
const ITEMS = { capacity: 10_000, perSecond: 500 };

/**
 * Points of one stranger. Mainnet's 7 to 50 transactions in a second make 40 to 300 points. The capacity
 * allows the transaction with the most points, 111,112. The rate grows with the number of transactions that
 * we request (--tx-rate).
 */
const POINTS_CAPACITY = 125_000;
const LEAST_POINTS_PER_SECOND = 2_000;
const POINTS_PER_REQUEST = 20;

/**
 * Core and btcd send no unrequested transactions. A point of one costs this many times a point of a requested
 * one.
 */
const UNASKED_FACTOR = 4;

/**
 * Points of all inbound peers together: about two thirds of an exporter's queue
 * (src/export/queue-options.ts).
 */
const SHARED_CAPACITY = 160_000;

/**
 * If all inbound peers together exceed their budget, a peer is served only if this part of its own budget is
 * left. An honest peer has all of it left.
 */
const RESERVED = 0.9;

/**
 * A dropped message costs at most this part of the capacity, so that a single unusual message ends no
 * connection.
 */
const SHED_COST = 0.25;

/** A peer whose debt for dropped messages exceeds this part of the capacity is disconnected. */
const MOST_OWED = 1;

/** The most expected responses of each kind: requests that lapse are never subtracted. */
const MAX_AWAITED = 10_000;

/** Joined peers have a larger budget, because we chose them and they are few. */
const JOINED_FACTOR = 4;

type ResponseKind = 'tx' | 'block' | 'headers' | 'blocktxn';

/**
 * What happens to a message or its points: `granted`; `shed`, that is dropped; `flood`, dropped too often.
 */
export type BudgetVerdict = 'granted' | 'shed' | 'flood';

/** Points per second with which a stranger's budget refills. */
function pointsPerSecond(txPerSecond: number): number {
  return Math.max(LEAST_POINTS_PER_SECOND, POINTS_PER_REQUEST * txPerSecond);
}

type BudgetKind = 'joined' | 'inbound';

/** The sizes of the buckets of one kind of peer. */
type BudgetSizes = Readonly<Record<'messages' | 'bytes' | 'items' | 'points', BucketSize>>;

/** What the budgets of many strangers have in common. */
export interface SharedBudget {
  /** The points that all inbound peers share. */
  readonly points: TokenBucket;
  readonly sizes: Readonly<Record<BudgetKind, BudgetSizes>>;
}

/**
 * Makes what budgets have in common; see {@link PeerBudget}.
 * @param txPerSecond the most transactions that we request in a second
 */
export function sharedBudget(txPerSecond: number, now: number): SharedBudget {
  const perSecond = pointsPerSecond(txPerSecond);
  const ofPeer = { messages: MESSAGES, bytes: BYTES, items: ITEMS };
  const points = { capacity: POINTS_CAPACITY, perSecond };
  return {
    points: new TokenBucket({ capacity: SHARED_CAPACITY, perSecond: 2 * perSecond }, now),
    sizes: {
      inbound: { ...ofPeer, points },
      joined: {
        messages: times(JOINED_FACTOR, MESSAGES),
        bytes: times(JOINED_FACTOR, BYTES),
        items: times(JOINED_FACTOR, ITEMS),
        points: times(JOINED_FACTOR, points),
      },
    },
  };
}

function times(factor: number, { capacity, perSecond }: BucketSize): BucketSize {
  return { capacity: capacity * factor, perSecond: perSecond * factor };
}

export interface BudgetOptions {
  readonly kind: BudgetKind;
  readonly shared: SharedBudget;
  readonly now: number;
}

/**
 * Limits what one stranger may cost: unrequested messages and bytes, items of inventories, and points.
 * Responses cost no messages and no bytes, because we limit our requests. Peers that the user named have no
 * budget. Times are monotonic milliseconds.
 */
export class PeerBudget {
  private readonly messages: TokenBucket;
  private readonly bytes: TokenBucket;
  private readonly items: TokenBucket;
  private readonly points: TokenBucket;
  private readonly shared: TokenBucket | null;
  private readonly awaited: Record<ResponseKind, number> = { tx: 0, block: 0, headers: 0, blocktxn: 0 };
  /** Whether the message that is being handled answers a request of ours. */
  private isResponse = false;

  constructor({ kind, shared, now }: BudgetOptions) {
    const { bytes, items, messages, points } = shared.sizes[kind];
    this.messages = new TokenBucket(messages, now);
    this.bytes = new TokenBucket(bytes, now);
    this.items = new TokenBucket(items, now);
    this.points = new TokenBucket(points, now);
    this.shared = kind === 'joined' ? null : shared.points;
  }

  /** Notes a `getdata` to the peer. */
  requested(items: readonly InventoryItem[]): void {
    for (const { type } of items) {
      const kind = type & ~INV_WITNESS_FLAG;
      if (kind === INV_TX || kind === INV_WTX) this.await('tx');
      else if (kind === INV_BLOCK) this.await('block');
    }
  }

  /** Notes a message that was sent to the peer. It may be a request. */
  sent(command: CountedCommand): void {
    if (command === 'getheaders') this.await('headers');
    else if (command === 'getblocktxn') this.await('blocktxn');
  }

  /** Charges a message before it is decoded. */
  message(command: CountedCommand, bytes: number, now: number): BudgetVerdict {
    const answer = responseKind(command);
    this.isResponse = answer !== undefined && this.awaited[answer] > 0;
    if (answer !== undefined && this.isResponse) {
      this.awaited[answer] -= 1;
      return 'granted';
    }
    if (!this.messages.take(1, now) || !this.bytes.take(bytes, now)) return 'flood';
    return isInventory(command) ? draw(this.items, bytes / ITEM_BYTES, 0, now) : 'granted';
  }

  /** Charges the points of the message that is being handled. */
  demand(points: number, now: number): BudgetVerdict {
    const cost = this.isResponse ? points : points * UNASKED_FACTOR;
    const isTight = this.shared !== null && this.shared.left(now) < points;
    const verdict = draw(this.points, cost, isTight ? RESERVED : 0, now);
    if (verdict === 'granted') this.shared?.take(points, now);
    return verdict;
  }

  private await(answer: ResponseKind): void {
    this.awaited[answer] = Math.min(MAX_AWAITED, this.awaited[answer] + 1);
  }
}

/**
 * The kind of response that a message may be. This runs for each message; a `switch` is faster than a
 * look-up.
 */
function responseKind(command: CountedCommand): ResponseKind | undefined {
  switch (command) {
    case 'tx':
    case 'block':
    case 'headers':
    case 'blocktxn':
      return command;
    default:
      return undefined;
  }
}

function isInventory(command: CountedCommand): boolean {
  return command === 'inv' || command === 'getdata' || command === 'notfound';
}

/** Takes tokens from a bucket; `reserve`, a part of its capacity, must remain in it. */
function draw(bucket: TokenBucket, cost: number, reserve: number, now: number): BudgetVerdict {
  const { capacity } = bucket.size;
  if (bucket.left(now) - cost >= capacity * reserve) {
    bucket.spend(cost, now);
    return 'granted';
  }
  bucket.spend(Math.min(cost, capacity * SHED_COST), now);
  return bucket.left(now) < -capacity * MOST_OWED ? 'flood' : 'shed';
}
