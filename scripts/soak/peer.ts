import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { FrameReader } from '../../src/wire/framing';
import type { Hash } from '../../src/wire/hash';
import {
  decodeInventory,
  encodeInventory,
  INV_BLOCK,
  INV_TX,
  INV_WTX,
  type InventoryItem,
} from '../../src/wire/messages/inventory';
import { NETWORKS } from '../../src/wire/networks';
import { versionPayload } from '../../test/support/fake-peer';
import type { Relay } from './relay';

/** Peers that announce by wtxid (BIP339), as Core does; the others announce by txid, as btcd does. */
const WTXID_PEERS = 6;

/** How many bytes may wait until the listener reads them. */
const MAX_UNREAD = 4_000_000;

const NOTHING = Buffer.alloc(0);

/** A node that the listener dials. */
export class Peer {
  /** The inventory type of its announcements of transactions. */
  readonly type: typeof INV_TX | typeof INV_WTX;
  /** Whether the handshake is complete. */
  ready = false;
  private socket: Socket | null = null;
  private queue: Buffer[] = [];
  private readonly server = createServer((socket) => this.accept(socket));

  constructor(
    private readonly index: number,
    private readonly relay: Relay,
  ) {
    this.type = index < WTXID_PEERS ? INV_WTX : INV_TX;
  }

  /** Listens on a free port of loopback, and returns it. */
  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  hangUp(): void {
    this.socket?.destroy();
    this.socket = null;
    this.ready = false;
  }

  announce(items: readonly InventoryItem[]): void {
    if (!this.ready || items.length === 0) return;
    this.relay.counts.announced += items.length;
    this.send('inv', encodeInventory(items));
  }

  send(command: string, payload: Buffer): void {
    if (this.queue.push(this.relay.frame(command, payload)) === 1) setImmediate(() => this.flush());
  }

  /** Whether too many bytes wait until the listener reads them. */
  get congested(): boolean {
    return (this.socket?.writableLength ?? 0) > MAX_UNREAD;
  }

  private accept(socket: Socket): void {
    this.socket?.destroy();
    this.socket = socket;
    this.ready = false;
    this.queue = [];
    const reader = new FrameReader(NETWORKS.regtest.magic, {
      arrived: () => undefined,
      message: (command, payload) => this.message(command, payload),
      violation: (reason) => {
        throw new Error(`the listener sent a malformed message: ${reason}`);
      },
    });
    socket.on('data', (chunk) => reader.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.hangUp();
    });
  }

  private message(command: string, payload: Buffer): void {
    if (command === 'version') {
      const height = this.relay.chain.headers.length;
      const time = Math.floor(Date.now() / 1_000);
      this.send('version', versionPayload({ userAgent: `/soak:${this.index}/`, height, time }));
      if (this.type === INV_WTX) this.send('wtxidrelay', NOTHING);
      this.send('sendaddrv2', NOTHING);
    } else if (command === 'verack') {
      this.send('verack', NOTHING);
      this.ready = true;
    } else if (command === 'ping') {
      this.send('pong', payload);
    } else if (command === 'getheaders') {
      this.send('headers', this.relay.headers());
    } else if (command === 'getdata') {
      for (const { type, hash } of decodeInventory(payload)) this.serve(type & 0xff, hash);
    }
  }

  private serve(type: number, hash: Hash): void {
    const isBlock = type === INV_BLOCK;
    const payload = isBlock ? this.relay.block(hash) : this.relay.takeTransaction(hash);
    if (payload !== undefined) this.send(isBlock ? 'block' : 'tx', payload);
  }

  /**
   * Sends all messages of this turn of the event loop in one write, so that the listener reads many messages
   * in one chunk.
   */
  private flush(): void {
    const frames = this.queue;
    this.queue = [];
    this.socket?.write(Buffer.concat(frames));
  }
}
