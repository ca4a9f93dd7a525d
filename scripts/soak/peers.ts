// The peers of scripts/soak.ts, in a process of their own so that their memory is not counted as the
// listener's. They get their settings from the parent, tell it their ports, and then how far the simulated
// day is.
import { once } from 'node:events';
import { INV_BLOCK, INV_WTX, type InventoryItem } from '../../src/wire/messages/inventory';
import type { SoakOrder, SoakPorts, SoakProgress } from './news';
import { Peer } from './peer';
import { itemOf, Relay } from './relay';
import { type RelayedTransaction, Transactions } from './traffic';

/** Simulated seconds between two announcements of a peer: in Core 5 to inbound peers, 2 to outbound ones. */
const STEP_S = 2;
const BLOCK_S = 600;
const ADDR_S = 30;

/** Simulated seconds until a peer hangs up, and then the next one. */
const HANG_UP_S = 1_800;

/** While more transactions than these wait to be asked for, the simulated day waits, too. */
const MAX_WAITING = 3_000;

/** Transactions that peers repeat of each other. */
const RECENT = 4_000;

/** The transactions of a block of 2.5 MB: 750 bytes and 1,060 WU each. */
const BLOCK_TRANSACTIONS = 3_700;

/** Of those that did not fit into a block, so many wait for the next. */
const LEFT_OVER = 2_000;

/** How often the peers do something, in real time. */
const TURN_MS = 20;

/** When nothing was asked for in this real time, what is not asked for counts as lost. */
const STALL_MS = 2_000;

/** One transaction in so many is in a block, and was relayed by nobody before. */
const UNSEEN_ONE_IN = 100;

/** Two addresses of nodes, as peers pass them on. */
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

/** The simulated day, step by step. */
class Day {
  /** Simulated seconds that have passed. */
  time = 0;
  private readonly transactions = new Transactions();
  /** What the next blocks will hold. */
  private readonly waiting: RelayedTransaction[] = [];
  /** Announced of late, to be announced again by other peers. */
  private readonly recent: RelayedTransaction[] = [];
  private readonly newPerStep: number;
  /** One transaction in so many gets into a block: about as many as fit, spread evenly. */
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

  /** One step of every peer: what it is the first to announce, and what others announced before it. */
  step(): void {
    const ready = this.peers.filter((peer) => peer.ready);
    // Whoever announces by txid is never the first: the listener gives wtxids two seconds' start.
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

  /** Items that others announced in earlier steps, the first `before` of `recent`. */
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

  /** What happens at certain times. */
  private events(ready: readonly Peer[]): void {
    const { peers, relay, time } = this;
    if (time % ADDR_S === 0) for (const peer of ready) peer.send('addr', addressesOf(this.made));
    if (time % BLOCK_S === 0) {
      const hash = relay.mine(this.waiting);
      // What did not fit pays too little for any block.
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
    // What a peer announced that then hung up is asked of nobody.
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
