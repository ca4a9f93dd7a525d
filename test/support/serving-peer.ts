import { type Hash, readHash } from '../../src/wire/hash';
import { encodeInventory, decodeInventory, INV_BLOCK, INV_WTX } from '../../src/wire/messages/inventory';
import type { NetworkName } from '../../src/wire/networks';
import { hashOf, sha256d } from '../chain/mine';
import { type FakeConnection, FakePeer, type ReceivedMessage, versionPayload } from './fake-peer';

/** A block or a transaction that a peer serves. */
export interface ServedItem {
  readonly command: 'block' | 'tx';
  readonly payload: Buffer;
  /** The hash by which it is requested, as in `inv`. */
  readonly hash: Hash;
}

export function blockThing(payload: Buffer): ServedItem {
  return { command: 'block', payload, hash: readHash(hashOf(payload), 0) };
}

export function txThing(payload: Buffer): ServedItem {
  return { command: 'tx', payload, hash: readHash(sha256d(payload), 0) };
}

/** Handlers of messages, by command, that replace those of a serving peer. */
export type HandlerOverrides = Readonly<
  Record<string, (connection: FakeConnection, payload: Buffer) => void>
>;

/**
 * A peer that completes handshakes, has no headers, answers pings, and sends what it has announced on
 * request.
 */
export class ServingPeer {
  private readonly things = new Map<Hash, ServedItem>();

  private constructor(private readonly peer: FakePeer) {}

  static async start(network: NetworkName, answers: HandlerOverrides = {}): Promise<ServingPeer> {
    const all: HandlerOverrides = {
      version: (connection) => connection.send('version', versionPayload()),
      verack: (connection) => connection.send('verack'),
      ping: (connection, payload) => connection.send('pong', payload),
      getheaders: (connection) => connection.send('headers', Buffer.of(0)),
      getdata: (connection, payload) => serving.serve(connection, payload),
      ...answers,
    };
    const onMessage = (connection: FakeConnection, { command, payload }: ReceivedMessage): void =>
      all[command]?.(connection, payload);
    const serving = new ServingPeer(await FakePeer.start({ network, onMessage }));
    return serving;
  }

  get address(): string {
    return `127.0.0.1:${this.peer.port}`;
  }

  get port(): number {
    return this.peer.port;
  }

  /** The one connection. */
  get connection(): FakeConnection {
    const [connection] = this.peer.connections;
    if (connection === undefined) throw new Error('nobody has connected');
    return connection;
  }

  /** Whether the handshake is complete. */
  get isReady(): boolean {
    return this.peer.connections[0]?.commands().includes('verack') === true;
  }

  announce(things: readonly ServedItem[]): void {
    for (const thing of things) this.things.set(thing.hash, thing);
    const items = things.map(({ command, hash }) => ({
      type: command === 'block' ? INV_BLOCK : INV_WTX,
      hash,
    }));
    this.connection.send('inv', encodeInventory(items));
  }

  /** Whether each of these was requested, and so sent. */
  hasServed(things: readonly ServedItem[]): boolean {
    const asked = new Set(
      this.connection.got
        .filter(({ command }) => command === 'getdata')
        .flatMap(({ payload }) => decodeInventory(payload))
        .map(({ hash }) => hash),
    );
    return things.every(({ hash }) => asked.has(hash));
  }

  stop(): Promise<void> {
    return this.peer.stop();
  }

  private serve(connection: FakeConnection, payload: Buffer): void {
    for (const { hash } of decodeInventory(payload)) {
      const thing = this.things.get(hash);
      if (thing !== undefined) connection.send(thing.command, thing.payload);
    }
  }
}
