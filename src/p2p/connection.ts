import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { messageOf } from '../lib/errors';
import type { EventBus } from '../lib/event-bus';
import { NetAddress, type Network, packets } from '../bcoin/bcoin';
import type { HeldBytes } from './budget/held-bytes';
import type { PeerBudget, BudgetVerdict } from './budget/peer-budget';
import type { ReadTurns, Sender } from './budget/read-turns';
import { type CountedCommand, isCommand } from '../wire/commands';
import type { DisconnectReason, P2PEvents, PeerInfo, Violation } from './p2p-events';
import { formatEndpoint } from './endpoint';
import { ENCRYPTED_TRANSPORT, FirstBytes, type FirstVerdict } from './first-bytes';
import { FrameReader, type FrameSink, HEADER_BYTES } from '../wire/framing';
import { type InventoryItem, encodeInventory } from '../wire/messages/inventory';
import type { VersionMessage } from '../wire/messages/version';
import { encodeLocator } from '../wire/messages/locator';
import { decodePong } from '../wire/messages/ping';
import { type DecodedCommand, DECODERS, isDecoded, type MessageOf } from '../wire/messages/table';
import { DecodeError } from '../wire/decode-error';
import { Session } from '../bcoin/session';

/** The protocol version that is spoken; the one of BIP155 and BIP339. */
const PROTOCOL_VERSION = 70_016;

/** Below it there is no `headers` message; Core 31 `src/node/protocol_version.h` MIN_PEER_PROTO_VERSION. */
const MIN_PEER_VERSION = 31_800;

const NODE_WITNESS = 1n << 3n;

/** How a malformed message is reported, where it has a violation of its own. */
const MALFORMED: Readonly<Partial<Record<DecodedCommand, Violation>>> = {
  tx: 'malformed-tx',
  block: 'malformed-block',
};

const HANDSHAKE_TIMEOUT = 'handshake-timeout';

/**
 * How long a handshake may take, from the moment the socket is open until `version` and `verack` have come.
 * It is one deadline for all of it: bcoin's own one (`lib/net/peer.js` initVersion) begins when our version
 * is sent, and is looked at every 5 s.
 */
const HANDSHAKE_MS = 10_000;

/**
 * Of what waits to be read by a peer, the bytes from which on nothing more of it is handled; Core 31
 * `src/net.h` DEFAULT_MAXSENDBUFFER.
 */
const MAX_UNSENT = 1_000_000;

/** Ends that are the peer's doing. */
const HANGING_UP: readonly DisconnectReason[] = ['closed-by-peer', 'socket-error'];

const always = (): boolean => true;

/**
 * How a connection came about: kept because the user named it, dialled because its address is known, or
 * taken.
 */
export type ConnectionKind = 'kept' | 'joined' | 'inbound';

/** What a connection is made from. */
export interface ConnectionOptions {
  readonly id: number;
  readonly kind: ConnectionKind;
  /** The socket of an inbound connection; without it the address is dialled. */
  readonly socket?: Socket;
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly network: Network;
  readonly userAgent: string;
  /** Whether to announce `wtxidrelay` (BIP339). */
  readonly wtxidRelay: boolean;
  /** What the peer may cost; null for one that the user named. */
  readonly budget: PeerBudget | null;
}

/** A message as it came. */
export interface Arrival {
  readonly payload: Buffer;
  /** When it came, on the monotonic clock, before it was decoded. */
  readonly receivedMs: number;
}

/** Handles a message of one command. */
type MessageHandler<C extends DecodedCommand> = (
  connection: Connection,
  message: MessageOf<C>,
  arrival: Arrival,
) => void;

/** What is done with each message. One that is not listed is counted, decoded and otherwise ignored. */
export type MessageHandlers = { readonly [C in DecodedCommand]?: MessageHandler<C> };

/** What a connection works with. */
export interface ConnectionModules {
  readonly bus: EventBus<P2PEvents>;
  readonly handlers: MessageHandlers;
  /** The connections that are open, by the nonce of the version message that we sent there. */
  readonly nonces: Map<bigint, Connection>;
  readonly monotonicMs: () => number;
  readonly turns: ReadTurns;
  /** What is held of all inbound peers: of messages that have come in part, and of what was not read. */
  readonly received: HeldBytes;
  readonly unsent: HeldBytes;
  /** Takes errors that no message should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/**
 * One connection to a peer, from dialling to its end. Counts every byte and message where it passes, before
 * anything is decoded; decodes each message once and hands the value to its handler. Whatever a peer sends
 * ends at most this connection.
 */
export class Connection implements PeerInfo, FrameSink, Sender {
  readonly id: number;
  readonly kind: ConnectionKind;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  claims: VersionMessage | null = null;
  /** Whether version and verack went both ways. */
  established = false;
  /** Whether the peer announces transactions by wtxid (BIP339). */
  wtxidRelay = false;
  /** Whether the peer wants addresses as `addrv2` (BIP155). */
  addrV2 = false;
  /** When it began, on the monotonic clock in milliseconds. */
  readonly openedAt = performance.now();
  /**
   * How often it was asked for headers and has not answered: so many `headers` messages are no announcements.
   */
  awaitedHeaders = 0;
  /** Settles with the reason when the connection has ended. */
  readonly closed: Promise<DisconnectReason>;

  private readonly session: Session;
  private readonly frames: FrameReader;
  /** What has come so far of the first bytes; null when they are known to be the protocol. */
  private first: FirstBytes | null;
  private handshakeTimer: NodeJS.Timeout | undefined;
  /** Whether one who dialled us has begun with the protocol, so that our own version went out. */
  private answersVersion = false;
  private readonly budget: PeerBudget | null;
  private connected = false;
  private reason: DisconnectReason = 'closed-by-peer';
  private nonce: bigint | null = null;
  /** The ping that was not answered yet. */
  private ping: { readonly nonce: bigint; readonly at: number } | null = null;

  constructor(
    options: ConnectionOptions,
    private readonly modules: ConnectionModules,
  ) {
    // bcoin knows no zones (`fe80::1%eth0`); the socket needs them.
    const [bare = '', zone] = options.host.split('%');
    const address = NetAddress.fromHost(bare, options.port, options.network);
    this.id = options.id;
    this.kind = options.kind;
    this.host = zone === undefined ? address.host : `${address.host}%${zone}`;
    this.port = address.port;
    this.address = formatEndpoint(this);
    this.budget = options.budget;
    this.frames = new FrameReader(options.network.magic, this);
    this.first = new FirstBytes(options.network.magic, options.kind !== 'inbound');
    this.session = new Session(
      {
        network: options.network,
        protocolVersion: PROTOCOL_VERSION,
        userAgent: options.userAgent,
        createSocket: (port) => {
          const socket = connect({ port, host: this.host });
          // bcoin listens for the first error alone; a second one must not end the process.
          socket.on('error', () => undefined);
          return socket;
        },
        createNonce: () => this.createNonce(),
        features: options.wtxidRelay ? ['wtxidrelay', 'sendaddrv2'] : ['sendaddrv2'],
      },
      {
        read: (chunk) => this.read(chunk),
        sent: (command, payload, bytes) => this.sent(command, payload, bytes),
        drained: () => {
          this.holdUnsent();
          modules.turns.drained(this);
        },
      },
    );
    this.closed = new Promise((resolve) => {
      this.session.on('close', () => {
        // Of a peer that hung up, what was read before is handled yet.
        if (HANGING_UP.includes(this.reason)) this.frames.run(always);
        this.frames.stop();
        clearTimeout(this.handshakeTimer);
        modules.turns.ended(this);
        modules.received.release(this);
        modules.unsent.release(this);
        if (this.nonce !== null) modules.nonces.delete(this.nonce);
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
    this.session.on('error', (error: Error) => (this.reason = this.classify(error.message)));
    if (options.socket === undefined) {
      this.session.connect(address);
      void this.session.tryOpen();
    } else {
      options.socket.on('error', () => undefined);
      this.session.accept(options.socket);
      // Nothing is said before the first bytes: one who tries the encrypted transport first then comes back
      // with the old one.
      this.opened();
    }
  }

  get outbound(): boolean {
    return this.kind !== 'inbound';
  }

  /** Whether the connection has ended. */
  get ended(): boolean {
    return this.session.destroyed;
  }

  /** Whether the peer claims to have witnesses (BIP144). */
  get claimsWitness(): boolean {
    return ((this.claims?.services ?? 0n) & NODE_WITNESS) !== 0n;
  }

  /** Sends one message; does nothing once the connection has ended. */
  send(command: CountedCommand, payload: Buffer): void {
    this.budget?.sent(command);
    this.session.sendRaw(command, payload);
  }

  /** Asks for inventory. */
  request(items: readonly InventoryItem[]): void {
    this.budget?.requested(items);
    this.modules.bus.emit('requested', { peer: this, count: items.length });
    this.send('getdata', encodeInventory(items));
  }

  /** Asks for the headers behind the newest of these hashes that the peer has. */
  askHeaders(locator: readonly Buffer[]): void {
    this.awaitedHeaders += 1;
    this.send('getheaders', encodeLocator(PROTOCOL_VERSION, locator));
  }

  /** Hands a message to bcoin's session, which answers pings and waits for verack. */
  delegate(packet: packets.Packet): void {
    this.session.handlePacket(packet).catch((error: unknown) => this.session.error(messageOf(error)));
  }

  /** Takes the answer to a ping, and tells whether it is one; called by the handler of `pong`. */
  answered(nonce: bigint): boolean {
    if (this.ping?.nonce !== nonce) return false;
    this.modules.bus.emit('pong', { peer: this, rttMs: performance.now() - this.ping.at });
    this.ping = null;
    return true;
  }

  /**
   * Takes that the message which is being handled would make so many points. Where the peer's budget lacks
   * them, the caller sheds them: the peer is reported, and one that goes on like that is ended.
   */
  affords(points: number): boolean {
    if (this.budget === null) return true;
    return this.isGranted(this.budget.demand(points, this.modules.turns.now));
  }

  get isNotReading(): boolean {
    return this.session.unsentBytes > MAX_UNSENT;
  }

  /** Handles whole messages that have come; see {@link ReadTurns}. */
  handle(mayGoOn: (bytes: number) => boolean): boolean {
    const isMore = this.session.gather(() => this.frames.run(mayGoOn));
    if (this.kind === 'inbound' && !this.ended) {
      this.holdUnsent();
      this.modules.received.hold(this, this.frames.held, this.modules.monotonicMs());
    }
    return isMore;
  }

  pause(): void {
    this.session.pause();
  }

  resume(): void {
    this.session.resume();
  }

  /** Reports a violation that the connection survives. */
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

  arrived(name: string, bytes: number): void {
    this.modules.bus.emit('received', { peer: this, command: isCommand(name) ? name : 'other', bytes });
  }

  message(name: string, payload: Buffer): void {
    if (!this.isWithinBudget(name, payload)) return;
    if (this.claims === null && name !== 'version') {
      this.violation('no-version-first');
      return;
    }
    if (!isDecoded(name)) return;
    const receivedMs = this.modules.monotonicMs();
    let wellFormed = false;
    try {
      // A message that has no handler is decoded, too: a peer that sends it malformed has broken the
      // protocol.
      const message = DECODERS[name](payload);
      wellFormed = true;
      this.dispatch(name, message, { payload, receivedMs });
    } catch (error) {
      if (!wellFormed && error instanceof DecodeError) {
        this.report(MALFORMED[name] ?? 'malformed-message');
      } else {
        // A fault of ours: it costs this connection and never the program.
        this.modules.fault(error);
        this.close('internal-error');
      }
    }
  }

  /** Takes the peer's claims; called by the handler of `version`. */
  introduced(claims: VersionMessage): void {
    if (this.claims !== null) {
      this.violation('duplicate-version');
      return;
    }
    const other = this.modules.nonces.get(claims.nonce);
    if (other !== undefined) {
      // Both ends are here: neither is a peer.
      other.close('self-connection');
      this.close('self-connection');
      return;
    }
    this.claims = claims;
    if (claims.version < MIN_PEER_VERSION) {
      this.violation('obsolete-version');
      return;
    }
    const packet = new packets.VersionPacket();
    packet.version = claims.version;
    packet.height = claims.startHeight;
    packet.noRelay = !claims.relay;
    this.delegate(packet);
  }

  /** Marks the handshake as complete; called by the handler of `verack`. */
  acknowledged(): void {
    this.delegate(new packets.VerackPacket());
    if (this.established || this.claims === null) return;
    this.established = true;
    clearTimeout(this.handshakeTimer);
    this.modules.bus.emit('handshake', { peer: this, claims: this.claims });
  }

  /** Marks the socket as open. */
  private opened(): void {
    this.connected = true;
    this.handshakeTimer = setTimeout(() => this.close(HANDSHAKE_TIMEOUT), HANDSHAKE_MS);
  }

  private createNonce(): Buffer {
    const bytes = randomBytes(8);
    this.nonce = bytes.readBigUInt64LE();
    this.modules.nonces.set(this.nonce, this);
    return bytes;
  }

  private read(chunk: Buffer): void {
    this.modules.bus.emit('bytesRead', { peer: this, bytes: chunk.length });
    const { first } = this;
    if (first === null) this.take(chunk);
    else this.begin(first, first.push(chunk));
  }

  /** Takes bytes of the protocol; their messages are handled when it is the peer's turn. */
  private take(chunk: Buffer): void {
    if (this.ended) return;
    this.frames.add(chunk);
    this.modules.turns.arrived(this);
  }

  /** Goes by the first bytes. */
  private begin(first: FirstBytes, verdict: FirstVerdict | undefined): void {
    if (verdict === undefined) return;
    if (verdict === 'other-message' && !this.outbound) {
      this.violation('no-version-first');
    } else if (verdict === ENCRYPTED_TRANSPORT && !this.outbound) {
      // No fault: it comes back with the old transport.
      this.close(ENCRYPTED_TRANSPORT);
    } else if (verdict !== 'version' && verdict !== 'other-message') {
      // Whoever answers our own version in a transport that was not offered speaks no transport of ours.
      this.violation(verdict === ENCRYPTED_TRANSPORT ? 'wrong-magic' : verdict);
    } else if (this.outbound) {
      this.first = null;
      this.take(first.take());
    } else if (!this.answersVersion) {
      this.answersVersion = true;
      void this.session.tryOpen();
    }
  }

  /** Takes what one who dialled us has said, once our own version is on its way. */
  private saidVersion(): void {
    const { first } = this;
    if (first === null || this.outbound) return;
    queueMicrotask(() => {
      this.first = null;
      this.take(first.take());
    });
  }

  private dispatch<C extends DecodedCommand>(command: C, message: MessageOf<C>, arrival: Arrival): void {
    this.modules.handlers[command]?.(this, message, arrival);
  }

  private isWithinBudget(name: string, payload: Buffer): boolean {
    if (this.budget === null) return true;
    const command = isCommand(name) ? name : 'other';
    const bytes = HEADER_BYTES + payload.length;
    return this.isGranted(this.budget.message(command, bytes, this.modules.turns.now));
  }

  private isGranted(verdict: BudgetVerdict): boolean {
    if (verdict === 'granted') return true;
    this.report('over-budget');
    if (verdict === 'flood') this.violation('flood');
    return false;
  }

  private holdUnsent(): void {
    const { monotonicMs, unsent } = this.modules;
    if (this.kind === 'inbound') unsent.hold(this, this.session.unsentBytes, monotonicMs());
  }

  private sent(name: string, payload: Buffer, bytes: number): void {
    if (name === 'version') this.saidVersion();
    if (name === 'ping') this.ping = { nonce: decodePong(payload), at: performance.now() };
    this.modules.bus.emit('bytesWritten', { peer: this, bytes });
    this.modules.bus.emit('sent', { peer: this, command: isCommand(name) ? name : 'other', bytes });
  }

  /** bcoin tells why a session ended in words alone. */
  private classify(message: string): DisconnectReason {
    if (message.startsWith('Peer is stalling')) return this.established ? 'stalled' : HANDSHAKE_TIMEOUT;
    if (message.startsWith('Peer stalled')) return 'not-reading';
    if (message.startsWith('Connection timed out')) return 'connect-timeout';
    const code = /^Socket Error: (E[A-Z]+)/.exec(message)?.[1];
    if (code !== undefined) return code === 'ECONNREFUSED' ? 'connection-refused' : 'socket-error';
    return this.reason;
  }
}
