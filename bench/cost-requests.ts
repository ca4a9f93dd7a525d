// Measures the processor time of the bookkeeping of requests at 1, 10 and 100 times a size: an item of an
// `inv` with more pending blocks, more wanted transactions and more peers; the end of a connection; a peer
// that dials us. A cost that grew with what strangers can fill would make each message more expensive.
// Arguments choose curves by a part of their name. The exit status is 1 if a curve is not flat
// (support/cost-curve.ts).
import { randomBytes } from 'node:crypto';
import { type Hash, readHash } from '#dist/wire/hash';
import {
  decodeInventory,
  encodeInventory,
  INV_BLOCK,
  INV_TX,
  type InventoryItem,
} from '#dist/wire/messages/inventory';
import { BlockRequests } from '#dist/p2p/block-requests';
import type { Connection } from '#dist/p2p/connection';
import { Connections } from '#dist/p2p/connections';
import { refusalOf } from '#dist/p2p/join/inbound-limits';
import { TransactionRequests } from '#dist/p2p/transaction-requests';
import { costCurve, type Round, SCALES } from './support/cost-curve';
import { hostOf, newPeer } from './support/peer';

const ITEMS = 20_000;
const LEAVERS = 5_000;

const clock = { monotonicMs: () => 0, uniqueNs: () => 0n };
function items(type: number, count: number): InventoryItem[] {
  const bytes = randomBytes(32 * count);
  return Array.from({ length: count }, (_, i) => ({
    type,
    hash: readHash(bytes, 32 * i),
  }));
}

const peers = (count: number): Connection[] => Array.from({ length: count }, () => newPeer());
const dialled = (): Connection => newPeer({ kind: 'kept', outbound: true });
const newTransactions = (): TransactionRequests =>
  new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });

const wanted = process.argv.slice(2);
/** Measures one curve. `setUp` prepares a round of a size. */
async function curve(name: string, setUp: (size: number) => Round): Promise<void> {
  if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) return;
  await costCurve(
    `cost-requests: ${name}`,
    SCALES.map((scale) => `${scale}x`),
    SCALES.map((scale) => () => setUp(scale)),
  );
}

/**
 * A round of small `inv` messages. What they announce arrives at once, so that as much is pending at the end
 * as at the start.
 */
function invs(
  type: number,
  announced: (batch: readonly InventoryItem[]) => void,
  received: (hash: Hash) => void,
): Round {
  const messages = Array.from({ length: ITEMS / 2 }, () => encodeInventory(items(type, 2)));
  const work = (): void => {
    for (const message of messages) {
      const batch = decodeInventory(message);
      announced(batch);
      for (const { hash } of batch) received(hash);
    }
  };
  return { count: ITEMS, work };
}

function invsOfBlocks(requests: BlockRequests, from: Connection): Round {
  return invs(
    INV_BLOCK,
    (batch) => requests.announced(from, batch),
    (hash) => requests.received(hash, from),
  );
}

function invsOfTransactions(requests: TransactionRequests, from: Connection): Round {
  return invs(
    INV_TX,
    (batch) => requests.announced(from, batch),
    (hash) => requests.received(hash, hash, from),
  );
}

async function main(): Promise<void> {
  await curve('inv of blocks, 300 to 30,000 pending', (size) => {
    const requests = new BlockRequests({ clock });
    for (const each of peers(60)) requests.announced(each, items(INV_BLOCK, 5 * size));
    return invsOfBlocks(requests, dialled());
  });

  await curve('inv of blocks, 10 to 1,000 peers', (size) => {
    const requests = new BlockRequests({ clock });
    const all = peers(10 * size);
    for (const each of all) requests.announced(each, items(INV_BLOCK, 2));
    return invsOfBlocks(requests, all[0] ?? dialled());
  });

  await curve('inv of transactions, 1,000 to 100,000 wanted', (size) => {
    const requests = newTransactions();
    for (const each of peers(40)) requests.announced(each, items(INV_TX, 25 * size));
    return invsOfTransactions(requests, dialled());
  });

  await curve('inv of transactions, 10 to 1,000 peers', (size) => {
    const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
    const all = peers(10 * size);
    for (const each of all) {
      requests.connected(each);
      requests.announced(each, items(INV_TX, 2));
    }
    return invsOfTransactions(requests, all[0] ?? dialled());
  });

  await curve('inv of one transaction that 10 to 1,000 peers announce, and lets lapse', (size) => {
    const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
    const all = peers(10 * size);
    const rounds = 2_000 / size;
    return {
      count: rounds * all.length,
      work: () => {
        for (let round = 0; round < rounds; round++) {
          const inv = items(INV_TX, 1);
          for (const each of all) requests.announced(each, inv);
          for (const each of all) requests.notFound(each, inv);
        }
      },
    };
  });

  await curve('a connection with 2 announcements and its end, 10 to 1,000 peers', (size) => {
    const requests = new TransactionRequests({ perSecond: 1e9 }, { clock, rateLimited: () => undefined });
    const blocks = new BlockRequests({ clock });
    for (const each of peers(10 * size)) {
      requests.connected(each);
      requests.announced(each, items(INV_TX, 20));
      blocks.announced(each, items(INV_BLOCK, 20));
    }
    const leavers = peers(LEAVERS).map((each) => [each, items(INV_TX, 1), items(INV_BLOCK, 1)] as const);
    const work = (): void => {
      for (const [each, transactions, ofBlocks] of leavers) {
        requests.connected(each);
        requests.announced(each, transactions);
        blocks.announced(each, ofBlocks);
        requests.ended(each);
        blocks.ended(each);
      }
    };
    return { count: leavers.length, work };
  });

  await curve('somebody who dials us, 100 to 10,000 peers', (size) => {
    const connections = new Connections<Connection>('mainnet');
    for (const each of peers(100 * size)) connections.add(each);
    const limits = { network: 'mainnet', max: 100_000 } as const;
    const work = (): void => {
      for (let i = 0; i < ITEMS; i++) refusalOf(hostOf(i), connections, limits, 0);
    };
    return { count: ITEMS, work };
  });
}

void main();
