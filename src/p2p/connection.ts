import type { packets } from '../bcoin/bcoin';
import { Session, type SessionHooks } from '../bcoin/session';
import { messageOf } from '../lib/errors';
import { type CountedCommand, isCommand } from '../wire/commands';
import { type InventoryItem, encodeInventory } from '../wire/messages/inventory';
import { encodeLocator } from '../wire/messages/locator';
import { decodePong } from '../wire/messages/ping';
import type { VersionMessage } from '../wire/messages/version';
import { NODE_WITNESS } from '../wire/services';
import type { HeldBytes } from './budget/held-bytes';
import type { PeerBudget } from './budget/peer-budget';
import type { ReadTurns } from './budget/read-turns';
import type { Sender } from './budget/sender';
import type { ConnectionKind, ConnectionOptions } from './connection-options';
import { formatEndpoint } from './endpoint';
import { Handshake, HANDSHAKE_TIMEOUT, type HandshakePeer } from './handshake';
import { MessageDispatcher, type MessageDispatcherModules } from './message-dispatcher';
import type { DisconnectReason, PeerInfo, Violation } from './p2p-events';
import { addressOf, type ConnectionTerms, PROTOCOL_VERSION } from './peer-session';
import { PingManager } from './ping-manager';
import { disconnectReason, isHangUp } from './session-errors';
import { DIRECT } from './route/direct';
import type { PeerSocket, Route } from './route/route';
import { type GatedConnection, TransportGate } from './transport/gate';
import type { TransportName } from './transport/transport';

/**
 * Once this many bytes wait for a peer to read them, its messages are no longer handled; Core 31 `src/net.h`
 * DEFAULT_MAXSENDBUFFER.
 */
const MAX_UNSENT = 1_000_000;

const always = (): boolean => true;

export interface ConnectionModules extends MessageDispatcherModules {
  readonly terms: ConnectionTerms;
  /** The open connections, by the nonce of the `version` that we sent there. */
  readonly nonces: Map<bigint, HandshakePeer>;
  readonly turns: ReadTurns;
  /** Bytes held for all inbound peers: of incomplete messages, and of messages that they have not read. */
  readonly received: HeldBytes;
  readonly unsent: HeldBytes;
  /** Called when a connection has ended, after all that was under way. */
  readonly connectionEnded: (connection: Connection, reason: DisconnectReason) => void;
}

/** Waits for the end of a connection. */
interface Ending {
  readonly promise: Promise<DisconnectReason>;
  readonly resolve: (reason: DisconnectReason) => void;
}

/**
 * One connection to a peer, from dialling to its end. Counts every byte and message before anything is
 * decoded. Decodes each message once and hands the value to its handler. Whatever a peer sends ends at most
 * this connection.
 *
 * There may be 20,000 connections. So a connection gives itself to its parts, and no functions that would be
 * made for each connection. What is the same for all connections is in the modules.
 */
export class Connection implements PeerInfo, HandshakePeer, Sender, SessionHooks, GatedConnection {
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
  readonly dialledBy: TransportName | undefined;

  private readonly session: Session;
  private readonly dispatcher: MessageDispatcher;
  private readonly gate: TransportGate;
  private readonly handshake: Handshake;
  private readonly pings = new PingManager();
  private readonly budget: PeerBudget | null;
  private readonly route: Route;
  private connected = false;
  private reason: DisconnectReason = 'closed-by-peer';
  /** Null if nobody waits. */
  private ending: Ending | null = null;

  constructor(
    options: ConnectionOptions,
    private readonly modules: ConnectionModules,
  ) {
    const { host, address } = addressOf(options, modules.terms.network);
    this.id = options.id;
    this.kind = options.kind;
    this.host = host;
    this.port = options.port;
    this.address = formatEndpoint(this);
    this.dialledBy = options.dialBy;
    this.route = options.route ?? DIRECT;
    this.budget = options.budget;
    this.dispatcher = new MessageDispatcher(this, options.budget, modules);
    this.handshake = new Handshake(this, modules);
    this.gate = new TransportGate(this, this.dispatcher, modules);
    this.session = new Session(modules.terms.session, this);
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

  /** Settles with the reason when the connection has ended. */
  get closed(): Promise<DisconnectReason> {
    this.ending ??= endingOf(this.ended ? this.reason : null);
    return this.ending.promise;
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

  /** Notes that the message being handled has headers that we asked for. */
  headersSolicited(): void {
    this.modules.turns.headersSolicited();
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

  /*
   * What the session and the gate call.
   */

  get connectMs(): number {
    return this.route.timeoutMs;
  }

  openSocket(): PeerSocket {
    return this.route.open(this.host, this.port);
  }

  createNonce(): Buffer {
    return this.handshake.createNonce();
  }

  /** Whether messages can be sent. */
  isReady(): boolean {
    return this.gate.transport?.isReady === true;
  }

  encode(command: string, payload: Buffer): Buffer {
    return this.gate.encode(command, payload);
  }

  /** Marks the socket as open. */
  opened(): void {
    this.connected = true;
    this.modules.bus.emit('opened', { peer: this });
    this.handshake.start();
    this.gate.transport?.open();
  }

  read(chunk: Buffer): void {
    this.modules.bus.emit('bytesRead', { peer: this, bytes: chunk.length });
    this.gate.read(chunk);
  }

  /** Messages are handled when it is the peer's turn. */
  arrived(): void {
    if (!this.ended) this.modules.turns.arrived(this);
  }

  answerVersion(): void {
    void this.session.tryOpen();
  }

  sent(name: string, payload: Buffer, bytes: number): void {
    if (name === 'version') this.gate.versionSent();
    if (name === 'ping') this.pings.sent(decodePong(payload), performance.now());
    this.modules.frames?.sent(this, name, payload, bytes);
    this.modules.bus.emit('bytesWritten', { peer: this, bytes });
    this.modules.bus.emit('sent', { peer: this, command: isCommand(name) ? name : 'other', bytes });
  }

  drained(): void {
    this.holdUnsent();
    this.modules.turns.drained(this);
  }

  failed(error: Error): void {
    this.reason = disconnectReason(error.message, this.established) ?? this.reason;
  }

  sessionEnded(): void {
    const { bus, connectionEnded, received, turns, unsent } = this.modules;
    // Messages that came before the peer hung up are still handled.
    if (isHangUp(this.reason)) this.gate.transport?.run(always);
    this.gate.transport?.stop();
    if (this.isUnanswered) this.reason = 'plain-transport';
    this.handshake.end();
    turns.ended(this);
    received.release(this);
    unsent.release(this);
    if (this.reason === HANDSHAKE_TIMEOUT) this.report(HANDSHAKE_TIMEOUT);
    const { established, reason } = this;
    if (this.connected) bus.emit('disconnected', { peer: this, established, reason });
    queueMicrotask(() => connectionEnded(this, reason));
    this.ending?.resolve(reason);
  }

  /**
   * Whether a peer that was dialled by the encrypted transport has sent nothing. A node that knows the plain
   * one alone hangs up, or waits for the rest of a message (Core 31 `src/net.cpp` ShouldReconnectV1).
   */
  private get isUnanswered(): boolean {
    const isEnd = this.reason === HANDSHAKE_TIMEOUT || isHangUp(this.reason);
    return isEnd && this.connected && this.dialledBy === 'v2' && !this.gate.hasRead;
  }

  private holdUnsent(): void {
    const { monotonicMs, unsent } = this.modules;
    if (!this.isNamed) unsent.hold(this, this.session.unsentBytes, monotonicMs());
  }
}

function endingOf(reason: DisconnectReason | null): Ending {
  let resolve: Ending['resolve'] = () => undefined;
  const promise = new Promise<DisconnectReason>((settle) => (resolve = settle));
  if (reason !== null) resolve(reason);
  return { promise, resolve };
}
