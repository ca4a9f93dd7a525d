import type { packets } from '../bcoin/bcoin';
import type { Session } from '../bcoin/session';
import { messageOf } from '../lib/errors';
import { type CountedCommand, isCommand } from '../wire/commands';
import { type InventoryItem, encodeInventory } from '../wire/messages/inventory';
import { encodeLocator } from '../wire/messages/locator';
import { decodePong } from '../wire/messages/ping';
import type { VersionMessage } from '../wire/messages/version';
import { NODE_WITNESS } from '../wire/services';
import type { HeldBytes } from './budget/held-bytes';
import type { PeerBudget } from './budget/peer-budget';
import type { ReadTurns, Sender } from './budget/read-turns';
import type { ConnectionKind, ConnectionOptions } from './connection-options';
import { formatEndpoint } from './endpoint';
import { Handshake, HANDSHAKE_TIMEOUT, type HandshakePeer } from './handshake';
import { MessageDispatcher, type MessageDispatcherModules } from './message-dispatcher';
import type { DisconnectReason, PeerInfo, Violation } from './p2p-events';
import { addressOf, makeSession, PROTOCOL_VERSION } from './peer-session';
import { PingManager } from './ping-manager';
import { disconnectReason, isHangUp } from './session-errors';
import { TransportGate } from './transport/gate';
import type { TransportName } from './transport/transport';

/**
 * Once this many bytes wait for a peer to read them, its messages are no longer handled; Core 31 `src/net.h`
 * DEFAULT_MAXSENDBUFFER.
 */
const MAX_UNSENT = 1_000_000;

const always = (): boolean => true;

export interface ConnectionModules extends MessageDispatcherModules {
  /** The open connections, by the nonce of the `version` that we sent there. */
  readonly nonces: Map<bigint, HandshakePeer>;
  readonly turns: ReadTurns;
  /** Bytes held for all inbound peers: of incomplete messages, and of messages that they have not read. */
  readonly received: HeldBytes;
  readonly unsent: HeldBytes;
}

/**
 * One connection to a peer, from dialling to its end. Counts every byte and message before anything is
 * decoded. Decodes each message once and hands the value to its handler. Whatever a peer sends ends at most
 * this connection.
 */
export class Connection implements PeerInfo, HandshakePeer, Sender {
  readonly id: number;
  readonly kind: ConnectionKind;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  /** Whether the peer announces transactions by wtxid (BIP339). */
  wtxidRelay = false;
  /** Whether the peer wants addresses as `addrv2` (BIP155). */
  addrV2 = false;
  /** When it began, on the monotonic clock in milliseconds. */
  readonly openedAt = performance.now();
  /**
   * Number of our `getheaders` that the peer has not answered. As many of its next `headers` messages are
   * answers and not announcements.
   */
  awaitedHeaders = 0;
  /** Settles with the reason when the connection has ended. */
  readonly closed: Promise<DisconnectReason>;

  private readonly session: Session;
  private readonly dispatcher: MessageDispatcher;
  private readonly gate: TransportGate;
  private readonly handshake: Handshake;
  private readonly pings = new PingManager();
  private readonly budget: PeerBudget | null;
  private connected = false;
  private reason: DisconnectReason = 'closed-by-peer';

  constructor(
    private readonly options: ConnectionOptions,
    private readonly modules: ConnectionModules,
  ) {
    const { host, address } = addressOf(options);
    this.id = options.id;
    this.kind = options.kind;
    this.host = host;
    this.port = options.port;
    this.address = formatEndpoint(this);
    this.budget = options.budget;
    this.dispatcher = new MessageDispatcher(this, options.budget, modules);
    this.handshake = new Handshake(this, modules);
    this.gate = new TransportGate(
      { magic: options.network.magic, dialledBy: options.dialBy, mode: options.mode },
      {
        arrived: () => this.arrived(),
        answerVersion: () => void this.session.tryOpen(),
        violation: (reason) => this.violation(reason),
        close: (reason) => this.close(reason),
      },
      { sink: this.dispatcher, monotonicMs: modules.monotonicMs },
    );
    this.session = makeSession(options, host, {
      createNonce: () => this.handshake.createNonce(),
      read: (chunk) => this.read(chunk),
      isReady: () => this.gate.transport?.isReady === true,
      encode: (command, payload) => this.gate.encode(command, payload),
      sent: (command, payload, bytes) => this.sent(command, payload, bytes),
      drained: () => {
        this.holdUnsent();
        modules.turns.drained(this);
      },
    });
    this.closed = new Promise((resolve) => {
      this.session.on('close', () => {
        // Messages that came before the peer hung up are still handled.
        if (isHangUp(this.reason)) this.gate.transport?.run(always);
        this.gate.transport?.stop();
        if (this.isUnanswered) this.reason = 'plain-transport';
        this.handshake.end();
        modules.turns.ended(this);
        modules.received.release(this);
        modules.unsent.release(this);
        if (this.reason === HANDSHAKE_TIMEOUT) this.report(HANDSHAKE_TIMEOUT);
        if (this.connected)
          modules.bus.emit('disconnected', {
            peer: this,
            established: this.established,
            reason: this.reason,
          });
        resolve(this.reason);
      });
    });
    this.session.on('connect', () => this.opened());
    this.session.on('error', (error: Error) => {
      this.reason = disconnectReason(error.message, this.established) ?? this.reason;
    });
    if (options.socket === undefined) {
      this.session.connect(address);
      void this.session.tryOpen();
    } else {
      options.socket.on('error', () => undefined);
      this.session.accept(options.socket);
      // We send nothing before the peer's first bytes, which show its transport.
      this.opened();
    }
  }

  get claims(): VersionMessage | null {
    return this.handshake.claims;
  }

  get established(): boolean {
    return this.handshake.established;
  }

  get outbound(): boolean {
    return this.kind !== 'inbound';
  }

  /** Whether the user named the peer (--connect). All others are strangers, whoever dialled. */
  get isNamed(): boolean {
    return this.kind === 'kept';
  }

  /** Whether the connection was ever open, whatever happened later. */
  get wasOpened(): boolean {
    return this.connected;
  }

  get transport(): TransportName | undefined {
    return this.gate.transport?.name;
  }

  /** Whether the connection has ended. */
  get ended(): boolean {
    return this.session.destroyed;
  }

  /** Whether the peer claims to have witnesses (BIP144). */
  get claimsWitness(): boolean {
    return ((this.claims?.services ?? 0n) & NODE_WITNESS) !== 0n;
  }

  /** Sends one message. Does nothing once the connection has ended. */
  send(command: CountedCommand, payload: Buffer): void {
    this.budget?.sent(command);
    this.session.sendRaw(command, payload);
  }

  /** Asks for inventory (`getdata`). */
  request(items: readonly InventoryItem[]): void {
    this.budget?.requested(items);
    this.modules.bus.emit('requested', { peer: this, count: items.length, items });
    this.send('getdata', encodeInventory(items));
  }

  /** Asks for the headers that follow the newest of these hashes that the peer has. */
  askHeaders(locator: readonly Buffer[]): void {
    this.awaitedHeaders += 1;
    this.send('getheaders', encodeLocator(PROTOCOL_VERSION, locator));
  }

  /** Hands a message to bcoin's session, which waits for version, verack and pong. */
  delegate(packet: packets.Packet): void {
    this.session.handlePacket(packet).catch((error: unknown) => this.session.error(messageOf(error)));
  }

  /** Takes the peer's `version`. */
  versionReceived(claims: VersionMessage): void {
    this.handshake.versionReceived(claims);
  }

  /** Takes the peer's `verack`. */
  verackReceived(): void {
    this.handshake.verackReceived();
  }

  /** Takes a `pong` and measures the round trip. Returns whether it answers our last ping. */
  pongReceived(nonce: bigint): boolean {
    const rttMs = this.pings.answered(nonce, performance.now());
    if (rttMs === undefined) return false;
    this.modules.bus.emit('pong', { peer: this, rttMs });
    return true;
  }

  /** Sends bytes of a key exchange. */
  sendHandshake(bytes: Buffer): void {
    if (this.ended) return;
    const written = bytes.length;
    this.modules.bus.emit('bytesWritten', { peer: this, bytes: written });
    this.modules.bus.emit('overhead', { peer: this, kind: 'handshake', read: 0, written });
    this.session.sendBytes(bytes);
  }

  /** Sends our `version` once keys were exchanged. */
  transportReady(): void {
    this.session.sendVersion();
  }

  /** Whether the peer's budget allows the points of the message that is being handled. */
  affords(points: number): boolean {
    return this.dispatcher.affords(points);
  }

  /** Notes that the message being handled is a block that we asked for. */
  solicited(): void {
    this.modules.turns.solicited();
  }

  get isNotReading(): boolean {
    return this.session.unsentBytes > MAX_UNSENT;
  }

  /** Handles complete messages; see {@link ReadTurns}. */
  handle(mayGoOn: (bytes: number) => boolean): boolean {
    const { transport } = this.gate;
    if (transport === undefined) return false;
    const isMore = this.session.gather(() => transport.run(mayGoOn));
    if (!this.isNamed && !this.ended) {
      this.holdUnsent();
      this.modules.received.hold(this, transport.held, this.modules.monotonicMs());
    }
    return isMore;
  }

  pause(): void {
    this.session.pause();
  }

  resume(): void {
    this.session.resume();
  }

  /** Reports a violation without ending the connection. */
  report(reason: Violation): void {
    this.modules.bus.emit('violation', { peer: this, reason });
  }

  /** Reports a violation and ends the connection. */
  violation(reason: Violation): void {
    this.report(reason);
    this.close(reason);
  }

  /** Ends the connection. */
  close(reason: DisconnectReason): void {
    if (!this.ended) this.reason = reason;
    this.session.destroy();
  }

  /**
   * Whether a peer that was dialled by the encrypted transport has sent nothing. A node that knows the plain
   * one alone hangs up, or waits for the rest of a message (Core 31 `src/net.cpp` ShouldReconnectV1).
   */
  private get isUnanswered(): boolean {
    const isEnd = this.reason === HANDSHAKE_TIMEOUT || isHangUp(this.reason);
    return isEnd && this.connected && this.options.dialBy === 'v2' && !this.gate.hasRead;
  }

  /** Marks the socket as open. */
  private opened(): void {
    this.connected = true;
    this.modules.bus.emit('opened', { peer: this });
    this.handshake.start();
    this.gate.transport?.open();
  }

  private read(chunk: Buffer): void {
    this.modules.bus.emit('bytesRead', { peer: this, bytes: chunk.length });
    this.gate.read(chunk);
  }

  /** Messages are handled when it is the peer's turn. */
  private arrived(): void {
    if (!this.ended) this.modules.turns.arrived(this);
  }

  private holdUnsent(): void {
    const { monotonicMs, unsent } = this.modules;
    if (!this.isNamed) unsent.hold(this, this.session.unsentBytes, monotonicMs());
  }

  private sent(name: string, payload: Buffer, bytes: number): void {
    if (name === 'version') this.gate.versionSent();
    if (name === 'ping') this.pings.sent(decodePong(payload), performance.now());
    this.modules.frames?.sent(this, name, payload, bytes);
    this.modules.bus.emit('bytesWritten', { peer: this, bytes });
    this.modules.bus.emit('sent', { peer: this, command: isCommand(name) ? name : 'other', bytes });
  }
}
