// The peers of scripts/soak.mjs, in a process of their own so that their memory is not counted as the
// listener's. They get their settings from the parent, tell it their ports, and then how far the simulated
// day is.
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { clearInterval, setImmediate, setInterval } from 'node:timers';
import { Chain, compactSize, Transactions } from './soak-traffic.mjs';

const require = createRequire(import.meta.url);
const { encodeFrame, FrameReader } = require('../dist/wire/framing.js');
const { decodeInventory, encodeInventory } = require('../dist/wire/messages/inventory.js');
const { NETWORKS } = require('../dist/wire/networks.js');

const { magic } = NETWORKS.regtest;
const TX = 1;
const BLOCK = 2;
const WTX = 5;

/** Peers that announce by wtxid (BIP339), as Core does; the others announce by txid, as btcd does. */
const WTXID_PEERS = 6;

/**
 * Simulated seconds between two announcements of a peer: Core's average to who has dialled it is 5, to others
 * 2.
 */
const STEP_S = 2;
const BLOCK_S = 600;
const ADDR_S = 30;

/** How long in simulated time until one peer hangs up, and the next one. */
const HANG_UP_S = 1_800;

/** Transactions that may wait to be asked for: beyond it the simulated day waits, too. */
const MAX_WAITING = 3_000;

/** Bytes that may wait for a listener that does not read. */
const MAX_UNREAD = 4_000_000;

/** Transactions that can still be asked for. */
const KEPT = 60_000;

/** Transactions that peers repeat of each other. */
const RECENT = 4_000;

/** Of 750 bytes and 1,060 WU: what fits into a block, which is of 2.5 MB then. */
const BLOCK_TRANSACTIONS = 3_700;

/** How often the peers do something, and how long nothing may be asked for, in real time. */
const TURN_MS = 20;
const STALL_MS = 2_000;

/** Of the transactions of a block, those that nobody relayed before: one in so many. */
const UNSEEN_ONE_IN = 100;

const NOTHING = Buffer.alloc(0);

const {
  peers: peerCount,
  tx: txPerSecond,
  inv: invPerSecond,
  distinct,
  speed,
  seconds,
} = await once('message');
const transactions = new Transactions();
const chain = new Chain();
/** What can be asked for, by either id. */
const served = new Map();
const blocks = new Map();
/** What the next blocks will hold. */
let waiting = [];
/** Announced of late, to be announced again by other peers. */
const recent = [];
const counts = { transactions: 0, announced: 0, blocks: 0, blockBytes: 0, bytes: 0, hangUps: 0 };
let made = 0;
let offered = 0;
let asked = 0;
let time = 0;

function once(event) {
  return new Promise((resolve) => process.once(event, resolve));
}

function versionPayload(agent) {
  const name = Buffer.from(agent);
  const head = Buffer.alloc(81);
  head.writeInt32LE(70_016, 0);
  head.writeBigUInt64LE(9n, 4);
  head.writeBigInt64LE(BigInt(Math.floor(Date.now() / 1_000)), 12);
  head[80] = name.length;
  const tail = Buffer.alloc(5);
  tail.writeInt32LE(chain.headers.length, 0);
  tail[4] = 1;
  return Buffer.concat([head, name, tail]);
}

class Peer {
  socket = null;
  ready = false;
  queue = [];

  constructor(index) {
    this.index = index;
    this.type = index < WTXID_PEERS ? WTX : TX;
    this.server = createServer((socket) => this.accept(socket));
  }

  async listen() {
    this.server.listen(0, '127.0.0.1');
    await new Promise((resolve) => this.server.once('listening', resolve));
    return this.server.address().port;
  }

  accept(socket) {
    this.socket?.destroy();
    this.socket = socket;
    this.ready = false;
    this.queue = [];
    const reader = new FrameReader(magic, {
      arrived: () => undefined,
      message: (command, payload) => this.message(command, payload),
      violation: (reason) => {
        throw new Error(`the listener sent what is no message: ${reason}`);
      },
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.hangUp();
    });
  }

  hangUp() {
    this.socket?.destroy();
    this.socket = null;
    this.ready = false;
  }

  message(command, payload) {
    if (command === 'version') {
      this.send('version', versionPayload(`/soak:${this.index}/`));
      if (this.type === WTX) this.send('wtxidrelay', NOTHING);
      this.send('sendaddrv2', NOTHING);
    } else if (command === 'verack') {
      this.send('verack', NOTHING);
      this.ready = true;
    } else if (command === 'ping') {
      this.send('pong', payload);
    } else if (command === 'getheaders') {
      const headers = chain.headers.map((header) => Buffer.concat([header, Buffer.of(0)]));
      this.send('headers', Buffer.concat([compactSize(headers.length), ...headers]));
    } else if (command === 'getdata') {
      for (const { type, hash } of decodeInventory(payload)) this.serve(type & 0xff, hash);
    }
  }

  serve(type, hash) {
    if (type === BLOCK) {
      const block = blocks.get(hash);
      if (block !== undefined) this.send('block', block);
      return;
    }
    const transaction = served.get(hash);
    if (transaction === undefined) return;
    asked++;
    served.delete(transaction.txid.toString('latin1'));
    served.delete(transaction.wtxid.toString('latin1'));
    this.send('tx', transaction.raw);
    counts.transactions++;
  }

  send(command, payload) {
    const frame = encodeFrame(magic, command, payload);
    counts.bytes += frame.length;
    if (this.queue.push(frame) === 1) setImmediate(() => this.flush());
  }

  /**
   * One write for all that is to be sent in this turn: the chunks that the listener reads then hold many
   * messages.
   */
  flush() {
    const frames = this.queue;
    this.queue = [];
    this.socket?.write(Buffer.concat(frames));
  }

  announce(items) {
    if (!this.ready || items.length === 0) return;
    counts.announced += items.length;
    this.send('inv', encodeInventory(items));
  }

  get congested() {
    return (this.socket?.writableLength ?? 0) > MAX_UNREAD;
  }
}

function item(type, { txid, wtxid }) {
  return { type, hash: (type === TX ? txid : wtxid).toString('latin1') };
}

/** Transactions that are new in a step, over all peers. */
const NEW_PER_STEP = txPerSecond * STEP_S * (distinct ? peerCount : 1);

/** One transaction in so many gets into a block: about as many as fit, spread evenly. */
const MINED_ONE_IN = Math.max(1, Math.round(NEW_PER_STEP / STEP_S / (BLOCK_TRANSACTIONS / BLOCK_S)));

function makeTransaction() {
  const isMined = made++ % MINED_ONE_IN === 0;
  const transaction = transactions.next(isMined);
  if (isMined) waiting.push(transaction);
  return transaction;
}

/** Announces a transaction by the first of all peers. */
function offer(transaction, items) {
  served.set(transaction.txid.toString('latin1'), transaction);
  served.set(transaction.wtxid.toString('latin1'), transaction);
  for (const hash of served.keys()) {
    if (served.size <= KEPT * 2) break;
    served.delete(hash);
  }
  items.push(item(WTX, transaction));
  recent.push(transaction);
  offered++;
}

/** One step of every peer: what it is the first to announce, and what others announced before it. */
function step(peers) {
  const ready = peers.filter((peer) => peer.ready);
  // Whoever announces by txid is never the first: the listener gives wtxids two seconds' start.
  const first = ready.filter((peer) => peer.type === WTX);
  if (first.length === 0) return;
  const batches = ready.map(() => []);
  const before = recent.length;
  for (let i = 0; i < NEW_PER_STEP; i++) {
    const transaction = makeTransaction();
    if (made % UNSEEN_ONE_IN !== 0) offer(transaction, batches[ready.indexOf(first[i % first.length])]);
  }
  ready.forEach((peer, i) => {
    const items = batches[i];
    const repeats = Math.min(before, invPerSecond * STEP_S - items.length);
    const window = Math.min(before, Math.max(NEW_PER_STEP, repeats));
    for (let k = 0; k < repeats; k++) {
      const back = Math.floor(((k + i / ready.length) * window) / repeats);
      items.push(item(peer.type, recent[before - 1 - back]));
    }
    peer.announce(items);
  });
  recent.splice(0, recent.length - RECENT);

  time += STEP_S;
  if (time % ADDR_S === 0) for (const peer of ready) peer.send('addr', addresses());
  if (time % BLOCK_S === 0) mine(peers);
  if (time % HANG_UP_S === 0) peers[counts.hangUps++ % peers.length].hangUp();
}

/** Two addresses of nodes, as peers pass them on. */
function addresses() {
  const payload = Buffer.alloc(1 + 2 * 30);
  payload[0] = 2;
  for (let i = 0; i < 2; i++) {
    const at = 1 + i * 30;
    payload.writeUInt32LE(Math.floor(Date.now() / 1_000) - 600, at);
    payload.writeBigUInt64LE(9n, at + 4);
    payload.writeUInt16BE(0xffff, at + 22);
    payload.writeUInt32BE((0x0b000000 + made * 7_919 + i * 104_729) >>> 0, at + 24);
    payload.writeUInt16BE(8_333, at + 28);
  }
  return payload;
}

function mine(peers) {
  const block = chain.next(waiting);
  // What did not fit pays too little for any block.
  waiting = waiting.slice(0, 2_000);
  counts.blocks++;
  counts.blockBytes += block.raw.length;
  const hash = block.hash.toString('latin1');
  blocks.set(hash, block.raw);
  for (const old of blocks.keys()) {
    if (blocks.size <= 3) break;
    blocks.delete(old);
  }
  for (const peer of peers) peer.announce([{ type: BLOCK, hash }]);
}

const peers = Array.from({ length: peerCount }, (_, index) => new Peer(index));
process.on('disconnect', () => process.exit());
process.send({ ports: await Promise.all(peers.map((peer) => peer.listen())) });
await once('message');

const started = performance.now();
let lastAsked = 0;
let movedAt = started;
let lost = 0;
const timer = setInterval(() => {
  const now = performance.now();
  if (asked !== lastAsked) [lastAsked, movedAt] = [asked, now];
  // What one that hung up was to be asked for is asked of nobody.
  else if (now - movedAt > STALL_MS) lost = offered - asked;
  const until = Math.min(seconds, ((now - started) / 1_000) * speed);
  for (let steps = Math.ceil((until - time) / STEP_S); steps > 0; steps--) {
    if (offered - asked - lost > MAX_WAITING || peers.some((peer) => peer.congested)) break;
    step(peers);
  }
  process.send({ time, ...counts });
  if (time >= seconds) clearInterval(timer);
}, TURN_MS);
