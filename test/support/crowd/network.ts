import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Chain } from '../../../scripts/soak/chain';
import { type RelayedTransaction, Transactions } from '../../../scripts/soak/traffic';
import { type Hash, readHash } from '../../../src/wire/hash';
import { decodeInventory, encodeInventory, INV_BLOCK } from '../../../src/wire/messages/inventory';
import { versionPayload } from '../fake-peer';
import { compactSize } from '../transaction';
import { hostOf, peerAt } from './addresses';
import { InventoryLog } from './inventory-log';
import { type CrowdOrder, type CrowdPlace, type CrowdReport, scriptedDelays } from './news';
import { type Frame, frameOf, PeerConnection } from './peer-connection';
import { Timetable } from './timetable';

const TURN_MS = 5;

/** Addresses of one `addrv2`, and in a DNS seed's answer. */
const ADDRESSES = 1_000;
const SEEDS = 32;

/** Peers that are told of a new one at once. */
const TOLD = 10;

/** A transaction takes up to this long to a peer, which announces it when it announces next. */
const TRAVEL_MS = 2_000;

/** The most transactions of one inventory (Core 31 `src/net_processing.cpp` INVENTORY_BROADCAST_MAX). */
const MOST_ITEMS = 1_000;

/** A peer pings with each of so many inventories: every two minutes, as Core does. */
const PING_EACH = 24;

/** One peer in this many announces by txid, as btcd does. */
const TXID_ONE_IN = 10;

/** Mean size of a transaction. Blocks are filled with some that nobody announces. */
const MEAN_BYTES = 750;

const VERACK = frameOf('verack');
const WTXIDRELAY = frameOf('wtxidrelay');
const SENDADDRV2 = frameOf('sendaddrv2');
const FEEFILTER = frameOf('feefilter', Buffer.from('e803000000000000', 'hex'));

/** Something that a peer does at a time. */
type Deed = (nowMs: number) => void;

/**
 * A network of peers on 127.0.0.0/8, each with an address of its own and one port, that speak the real
 * protocol with whoever dials them. They tell of each other, relay transactions and blocks as Core does, or
 * at scripted times, and come and go. One socket listens for all of them, since a process has not enough
 * descriptors for ten thousand; it hangs up on whoever is not of this machine.
 */
export class SimulatedNetwork {
  private readonly sent: CrowdReport['sent'] = {};
  private readonly received: CrowdReport['received'] = {};
  private readonly connections = new Map<number, PeerConnection>();
  private readonly alive: boolean[];
  private readonly living: number[];
  /** Peers that are not there; the first one comes next. */
  private readonly absent: number[];
  private readonly log = new InventoryLog();
  private readonly things = new Map<Hash, { readonly frame: Frame; asked: number }>();
  private readonly txids: string[] = [];
  private readonly transactions = new Transactions();
  private readonly chain = new Chain();
  private waiting: RelayedTransaction[] = [];
  private readonly timetable = new Timetable<Deed>(performance.now());
  private readonly delays: readonly number[];
  private readonly items = { tx: 0, wtx: 0, block: 0 };
  private counts = {
    ended: 0,
    lost: 0,
    refused: 0,
    duplicates: 0,
    connected: 0,
    mostConnected: 0,
    blocks: 0,
  };
  private latestMs = 0;
  private turnAt = performance.now();
  private relayedSince: number | null = null;
  private isQuiet = false;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly order: CrowdOrder,
    private readonly server: Server,
  ) {
    const all = order.peers + order.spare;
    this.alive = Array.from({ length: all }, (_, i) => i < order.peers);
    this.living = Array.from({ length: order.peers }, (_, i) => i);
    this.absent = Array.from({ length: order.spare }, (_, i) => order.peers + i);
    const longestMs = 'scriptedMs' in order.relay ? order.relay.scriptedMs : TRAVEL_MS;
    this.delays = scriptedDelays({ peers: all }, longestMs);
  }

  static async start(order: CrowdOrder): Promise<SimulatedNetwork> {
    const server = createServer({ noDelay: true });
    server.listen({ host: '0.0.0.0', port: 0, backlog: 4_096 });
    await once(server, 'listening');
    const network = new SimulatedNetwork(order, server);
    server.on('connection', (socket) => network.accept(socket));
    network.timer = setInterval(() => network.turn(), TURN_MS);
    return network;
  }

  get place(): CrowdPlace {
    return { port: this.port, seeds: this.living.slice(0, SEEDS).map(hostOf) };
  }

  /** Begins to relay transactions and blocks, and to churn. */
  relay(): void {
    const now = performance.now();
    this.relayedSince = now;
    const { blockSeconds, churn, peers, txPerSecond } = this.order;
    this.repeat(now, 1_000 / txPerSecond, (atMs) => this.makeTransaction(atMs));
    this.repeat(now, blockSeconds * 1_000, (atMs) => this.makeBlock(atMs));
    if (churn > 0) this.repeat(now, 60_000 / (churn * peers), () => this.replaceOne());
    for (const connection of this.connections.values()) this.trickle(connection, now);
  }

  /** Sends nothing any more. */
  quiet(): void {
    this.isQuiet = true;
  }

  report(): CrowdReport {
    const { items, latestMs, received, sent, txids } = this;
    let askedAgain = 0;
    for (const { asked } of this.things.values()) askedAgain += Math.max(0, asked - 1);
    return {
      ...{ sent, received, items, latestMs, txids, askedAgain, transactions: this.log.size },
      ...this.counts,
    };
  }

  stop(): void {
    clearInterval(this.timer);
    this.server.close();
    for (const connection of this.connections.values()) connection.leave();
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Does something again and again; late rounds are made up for. */
  private repeat(fromMs: number, everyMs: number, deed: Deed): void {
    const atMs = fromMs + everyMs;
    this.timetable.at(atMs, () => {
      if (this.isQuiet) return;
      deed(atMs);
      this.repeat(atMs, everyMs, deed);
    });
  }

  private turn(): void {
    const now = performance.now();
    this.latestMs = Math.max(this.latestMs, now - this.turnAt - TURN_MS);
    this.turnAt = now;
    this.timetable.run(now, (deed) => deed(now));
  }

  private accept(socket: Socket): void {
    const peer = peerAt(socket.localAddress ?? '');
    if (socket.remoteAddress?.startsWith('127.') !== true) {
      socket.destroy();
      return;
    }
    const isThere = this.alive[peer] === true;
    const connection = new PeerConnection(peer, socket, {
      ...{ sent: this.sent, received: this.received },
      isQuiet: () => this.isQuiet,
      message: (from, command, payload) => this.answer(from, command, payload),
      closed: (from) => this.closed(from, isThere),
    });
    if (isThere) {
      if (this.connections.has(peer)) this.counts.duplicates += 1;
      this.connections.set(peer, connection);
    } else {
      this.counts.refused += 1;
      connection.leave();
    }
  }

  private closed(connection: PeerConnection, wasThere: boolean): void {
    if (!wasThere) return;
    if (this.connections.get(connection.peer) === connection) this.connections.delete(connection.peer);
    if (connection.isReady) this.counts.connected -= 1;
    if (connection.hasLeft) this.counts.ended += 1;
    else if (!this.isQuiet) this.counts.lost += 1;
    connection.isReady = false;
  }

  private answer(connection: PeerConnection, command: string, payload: Buffer): void {
    if (connection.hasLeft) return;
    switch (command) {
      case 'version': {
        const time = Math.floor(Date.now() / 1_000);
        const height = this.chain.headers.length;
        const userAgent = connection.peer % 3 === 0 ? '/Satoshi:31.0.0/' : '/Satoshi:29.0.0/';
        connection.send(frameOf('version', versionPayload({ userAgent, time, height, services: 1_033n })));
        if (connection.peer % TXID_ONE_IN !== 0) connection.send(WTXIDRELAY);
        connection.send(SENDADDRV2);
        break;
      }
      case 'wtxidrelay':
        connection.wantsWtxids = connection.peer % TXID_ONE_IN !== 0;
        break;
      case 'verack':
        this.greeted(connection);
        break;
      case 'ping':
        connection.send(frameOf('pong', payload));
        break;
      case 'getaddr':
        connection.send(this.addresses(ADDRESSES));
        break;
      case 'getheaders':
        connection.send(frameOf('headers', this.headers()));
        break;
      case 'getdata':
        this.serve(connection, payload);
        break;
    }
  }

  private greeted(connection: PeerConnection): void {
    connection.send(VERACK);
    connection.send(FEEFILTER);
    connection.isReady = true;
    this.counts.connected += 1;
    this.counts.mostConnected = Math.max(this.counts.mostConnected, this.counts.connected);
    // Core announces only what came after the handshake.
    connection.next = this.log.size;
    if (this.relayedSince !== null) this.trickle(connection, performance.now());
  }

  /** Plans the next inventory of a peer. */
  private trickle(connection: PeerConnection, nowMs: number): void {
    if (!('trickleMs' in this.order.relay)) return;
    const waitMs = -Math.log(1 - Math.random()) * this.order.relay.trickleMs;
    this.timetable.at(nowMs + waitMs, (atMs) => {
      if (!connection.isReady || this.isQuiet) return;
      this.announceAll(connection, atMs);
      this.trickle(connection, atMs);
    });
  }

  /** Announces all that has come to a peer. */
  private announceAll(connection: PeerConnection, nowMs: number): void {
    const cameBefore = nowMs - (this.delays[connection.peer] ?? 0);
    let to = connection.next;
    while (
      to < this.log.size &&
      to - connection.next < MOST_ITEMS &&
      (this.log.madeMs[to] ?? 0) <= cameBefore
    )
      to += 1;
    if (to > connection.next) this.announce(connection, connection.next, to);
    connection.next = to;
    connection.inventories += 1;
    if (connection.inventories % PING_EACH === 0)
      connection.send(frameOf('ping', Buffer.alloc(8, connection.inventories)));
  }

  private announce(connection: PeerConnection, from: number, to: number): void {
    if (connection.hasLeft || this.isQuiet) return;
    this.items[connection.wantsWtxids ? 'wtx' : 'tx'] += to - from;
    connection.send(frameOf('inv', this.log.payload(from, to, connection.wantsWtxids)));
  }

  private makeTransaction(atMs: number): void {
    const transaction = this.transactions.next(true);
    const { raw, txid, wtxid } = transaction;
    const thing = { frame: frameOf('tx', raw), asked: 0 };
    this.things.set(readHash(txid, 0), thing);
    this.things.set(readHash(wtxid, 0), thing);
    this.txids.push(Buffer.from(txid).reverse().toString('hex'));
    this.waiting.push(transaction);
    const unseen = this.order.blockBytes / MEAN_BYTES / this.order.blockSeconds / this.order.txPerSecond;
    for (let i = 1; i < unseen; i++) this.waiting.push(this.transactions.next(true));
    const index = this.log.size;
    this.log.add(transaction, atMs);
    if ('scriptedMs' in this.order.relay) this.announceByScript(index, atMs);
  }

  private announceByScript(index: number, atMs: number): void {
    for (const connection of this.connections.values()) {
      if (!connection.isReady) continue;
      this.timetable.at(atMs + (this.delays[connection.peer] ?? 0), () => {
        if (connection.isReady) this.announce(connection, index, index + 1);
      });
    }
  }

  private makeBlock(atMs: number): void {
    const { hash, raw } = this.chain.next(this.waiting);
    const key = readHash(hash, 0);
    this.counts.blocks += 1;
    this.things.set(key, { frame: frameOf('block', raw), asked: 0 });
    const frame = frameOf('inv', encodeInventory([{ type: INV_BLOCK, hash: key }]));
    for (const connection of this.connections.values()) {
      if (!connection.isReady) continue;
      this.timetable.at(atMs + (this.delays[connection.peer] ?? 0), () => {
        if (!connection.isReady || this.isQuiet) return;
        this.items.block += 1;
        connection.send(frame);
      });
    }
  }

  /** One peer leaves, and another one comes, of which some tell at once. */
  private replaceOne(): void {
    const place = Math.floor(Math.random() * this.living.length);
    const leaver = this.living[place];
    const comer = this.absent.shift();
    if (leaver === undefined || comer === undefined) return;
    this.alive[leaver] = false;
    this.alive[comer] = true;
    this.living[place] = comer;
    this.absent.push(leaver);
    const connection = this.connections.get(leaver);
    if (connection !== undefined) {
      if (connection.isReady) this.counts.connected -= 1;
      connection.leave();
    }
    const news = this.addressFrame([comer]);
    for (let i = 0; i < TOLD; i++) {
      const other = this.living[Math.floor(Math.random() * this.living.length)];
      const teller = other === undefined ? undefined : this.connections.get(other);
      if (teller?.isReady === true) teller.send(news);
    }
  }

  private serve(connection: PeerConnection, payload: Buffer): void {
    const missing = decodeInventory(payload).filter(({ hash }) => {
      const thing = this.things.get(hash);
      if (thing === undefined) return true;
      thing.asked += 1;
      connection.send(thing.frame);
      return false;
    });
    if (missing.length > 0) connection.send(frameOf('notfound', encodeInventory(missing)));
  }

  private headers(): Buffer {
    const last = this.chain.headers.slice(-2_000);
    return Buffer.concat([
      compactSize(last.length),
      ...last.map((each) => Buffer.concat([each, Buffer.of(0)])),
    ]);
  }

  /** An `addrv2` with the addresses of random peers, which are there where nothing else was ordered. */
  private addresses(count: number): Frame {
    const some = Array.from({ length: Math.min(count, this.living.length) }, () => {
      const from = Math.random() < (this.order.absentTold ?? 0) ? this.absent : this.living;
      return from[Math.floor(Math.random() * from.length)] ?? 0;
    });
    return this.addressFrame(some);
  }

  private addressFrame(peers: readonly number[]): Frame {
    const now = Math.floor(Date.now() / 1_000);
    const entries = peers.map((peer) => {
      const entry = Buffer.alloc(15);
      entry.writeUInt32LE(now - (peer % 3_600), 0);
      // Services 1,033, network 1 (IPv4), 4 bytes.
      Buffer.from([0xfd, 0x09, 0x04, 1, 4, ...hostOf(peer).split('.').map(Number)]).copy(entry, 4);
      entry.writeUInt16BE(this.port, 13);
      return entry;
    });
    return frameOf('addrv2', Buffer.concat([compactSize(entries.length), ...entries]));
  }
}
