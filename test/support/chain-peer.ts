import { decodeInventory, encodeInventory, INV_BLOCK, INV_TX } from '../../src/wire/messages/inventory';
import { type Hash, wireHash } from '../../src/wire/hash';
import { decodeLocator } from '../../src/wire/messages/locator';
import { parseBlock } from '../../src/wire/block';
import type { Transaction } from '../../src/wire/transaction';
import {
  type FakeClaims,
  type FakeConnection,
  FakePeer,
  type ReceivedMessage,
  versionPayload,
} from './fake-peer';

/**
 * A peer of regtest that serves headers, blocks and transactions. It serves whatever it was given, valid or
 * not.
 */
export class ChainPeer {
  private readonly blocks = new Map<Hash, Buffer>();
  /** By txid. */
  private readonly transactions = new Map<Hash, Buffer>();
  /** Hashes (wire order) of the blocks in its chain, the lowest first. */
  private readonly chain: Hash[] = [];

  /** The number of blocks that it has sent. */
  served = 0;

  private constructor(
    readonly peer: FakePeer,
    private readonly userAgent: string | undefined,
    private readonly clock: () => number,
  ) {}

  /** @param clock its time in Unix seconds */
  static async start(userAgent?: string, clock = () => 0): Promise<ChainPeer> {
    // Created first, because the peer's handler refers to it.
    let self: ChainPeer | undefined = undefined as ChainPeer | undefined;
    const peer = await FakePeer.start({
      onMessage: (connection, message) => self?.answer(connection, message),
    });
    self = new ChainPeer(peer, userAgent, clock);
    return self;
  }

  get port(): number {
    return this.peer.port;
  }

  /** Adds blocks to the chain. Each must follow the one before. */
  add(...blocks: readonly Buffer[]): void {
    for (const block of blocks) {
      const hash = wireHash(parseBlock(block).hash);
      this.blocks.set(hash, block);
      this.chain.push(hash);
    }
  }

  /** Announces a block to all that are connected. It need not be in the chain. */
  announce(block: Buffer): void {
    const hash = wireHash(parseBlock(block).hash);
    this.blocks.set(hash, block);
    for (const connection of this.peer.connections)
      connection.send('inv', encodeInventory([{ type: INV_BLOCK, hash }]));
  }

  /** Announces a transaction to all that are connected. */
  announceTransaction({ bytes, start, end, wireTxid }: Transaction): void {
    this.transactions.set(wireTxid, bytes.subarray(start, end));
    for (const connection of this.peer.connections)
      connection.send('inv', encodeInventory([{ type: INV_TX, hash: wireTxid }]));
  }

  stop(): Promise<void> {
    return this.peer.stop();
  }

  private get claims(): FakeClaims {
    const { chain, userAgent, clock } = this;
    return { height: chain.length, time: clock(), ...(userAgent === undefined ? {} : { userAgent }) };
  }

  private answer(connection: FakeConnection, { command, payload }: ReceivedMessage): void {
    if (command === 'version') connection.send('version', versionPayload(this.claims));
    if (command === 'verack') connection.send('verack');
    if (command === 'ping') connection.send('pong', payload);
    if (command === 'getheaders') this.giveHeaders(connection, payload);
    if (command === 'getdata')
      for (const { hash } of decodeInventory(payload)) {
        const transaction = this.transactions.get(hash);
        if (transaction !== undefined) connection.send('tx', transaction);
        const block = this.blocks.get(hash);
        if (block === undefined) continue;
        this.served++;
        connection.send('block', block);
      }
  }

  private giveHeaders(connection: FakeConnection, payload: Buffer): void {
    const known = decodeLocator(payload).locator.map((hash) => this.chain.indexOf(hash));
    const from = Math.max(-1, ...known) + 1;
    const headers = this.chain
      .slice(from, from + 2_000)
      .map((hash) => this.blocks.get(hash) ?? Buffer.alloc(80));
    const count = Buffer.alloc(3, 0xfd);
    count.writeUInt16LE(headers.length, 1);
    const parts = headers.map((block) => Buffer.concat([block.subarray(0, 80), Buffer.of(0)]));
    connection.send(
      'headers',
      Buffer.concat([headers.length < 0xfd ? Buffer.of(headers.length) : count, ...parts]),
    );
  }
}
