import type { Hash } from '../../../src/wire/hash';
import { decodeInventory, encodeInventory, type InventoryItem } from '../../../src/wire/messages/inventory';
import { type FakeConnection, FakePeer, type ReceivedMessage, versionPayload } from '../fake-peer';

/** The user agent of a scripted peer. */
export const SCRIPTED_AGENT = '/scripted:1/';
export const SCRIPTED_HEIGHT = 7;

/** A block or a transaction that a scripted peer serves. */
interface ServedItem {
  readonly command: 'tx' | 'block';
  readonly payload: Buffer;
}

/**
 * A peer that follows the protocol, serves what the script gives it, and sends what the script says to all
 * that are connected.
 */
export class ScriptedPeer {
  private readonly things = new Map<Hash, ServedItem>();

  private constructor(private readonly peer: FakePeer) {}

  static async start(): Promise<ScriptedPeer> {
    const answer = (connection: FakeConnection, got: ReceivedMessage): void =>
      scripted.answer(connection, got);
    const scripted = new ScriptedPeer(await FakePeer.start({ onMessage: answer }));
    return scripted;
  }

  get port(): number {
    return this.peer.port;
  }

  /**
   * Connections so far whose handshake is over and whose first question, for headers, was answered. A
   * connection that is ended earlier may end with the answer on its way, which the listener then never hears.
   */
  get settled(): number {
    return this.peer.connections.filter((connection) => connection.commands().includes('getheaders')).length;
  }

  /** Serves this to whoever asks for it. */
  has(hash: Hash, thing: ServedItem): void {
    this.things.set(hash, thing);
  }

  announce(items: readonly InventoryItem[]): void {
    this.say('inv', encodeInventory(items));
  }

  say(command: string, payload: Buffer): void {
    for (const connection of this.live()) connection.send(command, payload);
  }

  /** Sends bytes that are no message. */
  babble(bytes: Buffer): void {
    for (const connection of this.live()) connection.raw(bytes);
  }

  hangUp(): void {
    for (const connection of this.live()) connection.socket.end();
  }

  stop(): Promise<void> {
    return this.peer.stop();
  }

  private live(): FakeConnection[] {
    return this.peer.connections.filter(({ socket }) => !socket.destroyed && !socket.writableEnded);
  }

  private answer(connection: FakeConnection, { command, payload }: ReceivedMessage): void {
    switch (command) {
      case 'version':
        connection.send('version', versionPayload({ userAgent: SCRIPTED_AGENT, height: SCRIPTED_HEIGHT }));
        break;
      case 'verack':
        connection.send('verack');
        break;
      case 'ping':
        connection.send('pong', payload);
        break;
      case 'getheaders':
        connection.send('headers', Buffer.of(0));
        break;
      case 'getdata': {
        const missing: InventoryItem[] = [];
        for (const item of decodeInventory(payload)) {
          const thing = this.things.get(item.hash);
          if (thing === undefined) missing.push(item);
          else connection.send(thing.command, thing.payload);
        }
        if (missing.length > 0) connection.send('notfound', encodeInventory(missing));
      }
    }
  }
}
