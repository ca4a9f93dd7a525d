// The peers of scripts/soak.ts. They are in a process of their own, so that their memory does not count as
// the listener's. The parent sends the settings. The process replies with the ports and then reports the
// progress of the simulated day.
import { once } from 'node:events';
import { INV_BLOCK, INV_WTX, type InventoryItem } from '../../src/wire/messages/inventory';
import type { SoakOrder, SoakPorts, SoakProgress } from './news';
import { Peer } from './peer';
import { itemOf, Relay } from './relay';
import { type RelayedTransaction, Transactions } from './traffic';

/**
 * Simulated seconds between two announcements of a peer. Core takes 5 s for inbound peers and 2 s for
 * outbound ones.
 */
const STEP_S = 2;
const BLOCK_S = 600;
const ADDR_S = 30;

/** Simulated seconds between two disconnections. The peers take turns. */
const HANG_UP_S = 1_800;

/** The simulated day pauses while more announced transactions than these have not been requested. */
const MAX_WAITING = 3_000;

/** How many of the latest transactions are kept, so that other peers announce them, too. */
const RECENT = 4_000;

/** The number of transactions in a block of 2.5 MB. They have 750 bytes and 1,060 WU on average. */
const BLOCK_TRANSACTIONS = 3_700;

/** How many of the transactions that did not fit into a block wait for the next one. */
const LEFT_OVER = 2_000;

/** Real time between two turns of the peers, in milliseconds. */
const TURN_MS = 20;

/**
 * If the listener requests nothing for this real time in milliseconds, the transactions that it has not
 * requested count as lost.
 */
const STALL_MS = 2_000;

/** One transaction in this many is never announced, so that the listener first sees it in a block. */
const UNSEEN_ONE_IN = 100;

/** The payload of an `addr` message with two addresses. */
function addressesOf(seed: number): Buffer {
  const payload = Buffer.alloc(1 + 2 * 30);
  payload[0] = 2;
  for (let i = 0; i < 2; i++) {
    const at = 1 + i * 30;
    payload.writeUInt32LE(Math.floor(Date.now() / 1_000) - 600, at);
    payload.writeBigUInt64LE(9n, at + 4);
    payload.writeUInt16BE(0xffff, at + 22);
    payload.writeUInt32BE((0x0b000000 + seed * 7_919 + i * 104_729) >>> 0, at + 24);
    payload.writeUInt16BE(8_333, at + 28);
  }
  return payload;
}

/** Simulates the day step by step. */
class Day {
  /** Simulated seconds that have passed. */
  time = 0;
  private readonly transactions = new Transactions();
  /** The transactions for the next blocks. */
  private readonly waiting: RelayedTransaction[] = [];
  /** The latest transactions, which other peers announce again. */
  private readonly recent: RelayedTransaction[] = [];
  private readonly newPerStep: number;
  /** One transaction in this many is chosen for a block, so that about as many are chosen as fit. */
  private readonly minedOneIn: number;
  private made = 0;

  constructor(
    private readonly order: SoakOrder,
    private readonly peers: readonly Peer[],
    private readonly relay: Relay,
  ) {
    this.newPerStep = order.tx * STEP_S * (order.distinct ? peers.length : 1);
    this.minedOneIn = Math.max(1, Math.round(this.newPerStep / STEP_S / (BLOCK_TRANSACTIONS / BLOCK_S)));
  }

  /**
   * Simulates one step: each peer announces new transactions, and repeats those that others announced before.
   */
  step(): void {
    const ready = this.peers.filter((peer) => peer.ready);
    // A transaction is first announced by wtxid, because the listener delays announcements by txid by two
    // seconds.
    const first = ready.filter((peer) => peer.type === INV_WTX);
    if (first.length === 0) return;
    const batches = new Map<Peer, InventoryItem[]>(ready.map((peer) => [peer, []]));
    const before = this.recent.length;
    for (let i = 0; i < this.newPerStep; i++) {
      const transaction = this.makeTransaction();
      const peer = first[i % first.length];
      if (this.made % UNSEEN_ONE_IN === 0 || peer === undefined) continue;
      this.relay.offer(transaction);
      this.recent.push(transaction);
      batches.get(peer)?.push(itemOf(INV_WTX, transaction));
    }
    for (const [i, peer] of ready.entries()) {
      const items = batches.get(peer) ?? [];
      items.push(...this.repeats(peer, items.length, before, i / ready.length));
      peer.announce(items);
    }
    this.recent.splice(0, this.recent.length - RECENT);
    this.time += STEP_S;
    this.events(ready);
  }

  /** Items that others announced in earlier steps. They are among the first `before` of `recent`. */
  private repeats(peer: Peer, own: number, before: number, shift: number): InventoryItem[] {
    const count = Math.min(before, this.order.inv * STEP_S - own);
    const window = Math.min(before, Math.max(this.newPerStep, count));
    const items: InventoryItem[] = [];
    for (let k = 0; k < count; k++) {
      const back = Math.floor(((k + shift) * window) / count);
      const transaction = this.recent[before - 1 - back];
      if (transaction !== undefined) items.push(itemOf(peer.type, transaction));
    }
    return items;
  }

  /** Does what happens at fixed intervals: addresses, blocks and disconnections. */
  private events(ready: readonly Peer[]): void {
    const { peers, relay, time } = this;
    if (time % ADDR_S === 0) for (const peer of ready) peer.send('addr', addressesOf(this.made));
    if (time % BLOCK_S === 0) {
      const hash = relay.mine(this.waiting);
      // The other transactions that did not fit are dropped, as if they paid too little for any block.
      this.waiting.splice(LEFT_OVER);
      for (const peer of peers) peer.announce([{ type: INV_BLOCK, hash }]);
    }
    if (time % HANG_UP_S === 0) peers[relay.counts.hangUps++ % peers.length]?.hangUp();
  }

  private makeTransaction(): RelayedTransaction {
    const isMined = this.made++ % this.minedOneIn === 0;
    const transaction = this.transactions.next(isMined);
    if (isMined) this.waiting.push(transaction);
    return transaction;
  }
}

function tell(news: SoakPorts | SoakProgress): void {
  process.send?.(news);
}

async function main(): Promise<void> {
  process.on('disconnect', () => process.exit());
  const [order] = (await once(process, 'message')) as [SoakOrder];
  const relay = new Relay();
  const peers = Array.from({ length: order.peers }, (_, index) => new Peer(index, relay));
  const day = new Day(order, peers, relay);
  tell({ ports: await Promise.all(peers.map((peer) => peer.listen())) });
  await once(process, 'message');

  const started = performance.now();
  let lastAsked = 0;
  let movedAt = started;
  let lost = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    if (relay.asked !== lastAsked) [lastAsked, movedAt] = [relay.asked, now];
    // If a peer disconnects after an announcement, nobody is asked for the transaction.
    else if (now - movedAt > STALL_MS) lost = relay.offered - relay.asked;
    const until = Math.min(order.seconds, ((now - started) / 1_000) * order.speed);
    for (let steps = Math.ceil((until - day.time) / STEP_S); steps > 0; steps--) {
      if (relay.offered - relay.asked - lost > MAX_WAITING || peers.some((peer) => peer.congested)) break;
      day.step();
    }
    tell({ time: day.time, ...relay.counts });
    if (day.time >= order.seconds) clearInterval(timer);
  }, TURN_MS);
}

void main();
