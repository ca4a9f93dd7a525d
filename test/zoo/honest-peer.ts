import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { type FakeConnection, FakePeer, type ReceivedMessage, versionPayload } from '../support/fake-peer';
import type { Endpoint } from '../../src/p2p/endpoint';
import { headers, inventory } from './bytes';
import { honestBlock, honestTransaction } from './honest-data';
import type { Counts } from './listener-child';

/** Types of inventory (BIP144, BIP339). */
const MSG_WTX = 5;
const MSG_BLOCK = 2;
const WITNESS_FLAG = 0x4000_0000;

/** Milliseconds between two pings of all honest peers together. */
const PING_MS = 25;

/** How long an answer took, in milliseconds. */
export interface Delay {
  readonly ms: number;
  /** The same in processor time of the listener, which does not count other programs; never above `ms`. */
  readonly processorMs: number;
}

/** What an honest peer sent and received. */
export interface HonestRecord {
  readonly sent: Counts;
  readonly got: Counts;
  /** Hashes (reversed hex) of the sent transactions, in their order. */
  readonly given: readonly string[];
  /** Number of announced transactions. */
  readonly announced: number;
  /** How long each pong took. */
  readonly pongs: readonly Delay[];
  /** Number of pings without a pong. */
  readonly unanswered: number;
}

/** What the honest peers of a run share. */
export interface HonestCrowd {
  /** How many there are. */
  readonly peers: number;
  /** The processor time of the listener so far. */
  readonly processorMs: () => number;
}

/** A peer that follows the protocol: announces transactions and blocks, serves them, and pings. */
export class HonestPeer {
  private readonly transactions = new Map<string, Buffer>();
  private readonly given: string[] = [];
  private readonly pongs: Delay[] = [];
  /** When each ping was sent, by both clocks, by its nonce. */
  private readonly pings = new Map<string, Delay>();
  private timers: NodeJS.Timeout[] = [];
  private announced = 0;
  private height = 0;
  private nonce = 0n;

  private constructor(
    private readonly number: number,
    private readonly peer: FakePeer,
    private readonly crowd: HonestCrowd,
  ) {}

  static async start(number: number, crowd: HonestCrowd): Promise<HonestPeer> {
    // The fake peer needs a handler before this object exists.
    let self: HonestPeer | undefined = undefined as HonestPeer | undefined;
    const peer = await FakePeer.start({
      host: `127.${randomInt(1, 10)}.${randomInt(256)}.${randomInt(1, 255)}`,
      onMessage: (connection, got) => self?.answer(connection, got),
    });
    self = new HonestPeer(number, peer, crowd);
    return self;
  }

  /** Its address is one that other programs of this machine don't dial. */
  get endpoint(): Endpoint {
    return { host: this.peer.host, port: this.peer.port };
  }

  /** Announces its part of the transactions and blocks that all honest peers announce, until `quiet`. */
  relay(all: { readonly txPerSecond: number; readonly blockMs: number }): void {
    const { peers } = this.crowd;
    this.timers = [
      setInterval(() => this.announce(), (1_000 * peers) / all.txPerSecond),
      setInterval(() => this.announceBlock(), all.blockMs),
      setInterval(() => this.ping(), PING_MS * peers),
    ];
  }

  /** Stops announcing; still serves what was announced. */
  quiet(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Whether the handshake with the listener is complete. */
  get isConnected(): boolean {
    return this.connection?.commands().includes('verack') === true;
  }

  get isDone(): boolean {
    return this.given.length >= this.announced && this.pings.size === 0;
  }

  get record(): HonestRecord {
    const sent: Counts = {};
    const got: Counts = {};
    for (const connection of this.peer.connections) {
      for (const { command } of connection.sent) sent[command] = (sent[command] ?? 0) + 1;
      for (const { command } of connection.got) got[command] = (got[command] ?? 0) + 1;
    }
    const { given, announced, pongs, pings } = this;
    return { sent, got, given, announced, pongs, unanswered: pings.size };
  }

  async stop(): Promise<void> {
    this.quiet();
    await this.peer.stop();
  }

  private get connection(): FakeConnection | undefined {
    return this.peer.connections.at(-1);
  }

  private now(): Delay {
    return { ms: performance.now(), processorMs: this.crowd.processorMs() };
  }

  private announce(): void {
    const { raw, hash } = honestTransaction(this.number, this.announced++);
    this.transactions.set(hash.toString('hex'), raw);
    this.connection?.send('inv', inventory(MSG_WTX, [hash]));
  }

  private announceBlock(): void {
    // The honest peers take turns.
    this.height += 1;
    if (this.height % this.crowd.peers === this.number)
      this.connection?.send('headers', headers([honestBlock(this.height).header]));
  }

  private ping(): void {
    const nonce = Buffer.alloc(8);
    nonce.writeBigUInt64LE(++this.nonce);
    this.pings.set(nonce.toString('hex'), this.now());
    this.connection?.send('ping', nonce);
  }

  private answer(connection: FakeConnection, { command, payload }: ReceivedMessage): void {
    if (command === 'version') {
      connection.send('version', versionPayload());
      connection.send('wtxidrelay');
    } else if (command === 'verack') {
      connection.send('verack');
    } else if (command === 'ping') {
      connection.send('pong', payload);
    } else if (command === 'pong') {
      const key = payload.toString('hex');
      const { ms, processorMs } = this.now();
      const sent = this.pings.get(key);
      if (sent !== undefined)
        this.pongs.push({
          ms: ms - sent.ms,
          processorMs: Math.min(ms - sent.ms, processorMs - sent.processorMs),
        });
      this.pings.delete(key);
    } else if (command === 'getheaders') {
      connection.send(
        'headers',
        headers(Array.from({ length: this.height }, (_, i) => honestBlock(i + 1).header)),
      );
    } else if (command === 'getdata') {
      this.give(connection, payload);
    }
  }

  private give(connection: FakeConnection, payload: Buffer): void {
    const missing: Buffer[] = [];
    for (let at = payload.length % 36; at < payload.length; at += 36) {
      const type = payload.readUInt32LE(at) & ~WITNESS_FLAG;
      const hash = payload.subarray(at + 4, at + 36);
      const raw = this.transactions.get(hash.toString('hex'));
      if (type === MSG_BLOCK) {
        for (let height = 1; height <= this.height; height++)
          if (honestBlock(height).hash.equals(hash)) connection.send('block', honestBlock(height).bytes);
      } else if (raw === undefined) {
        missing.push(hash);
      } else {
        this.given.push(Buffer.from(hash).reverse().toString('hex'));
        connection.send('tx', raw);
      }
    }
    if (missing.length > 0) connection.send('notfound', inventory(MSG_WTX, missing));
  }
}
