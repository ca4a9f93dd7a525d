import { randomBytes } from 'node:crypto';
import { packets } from '../bcoin/bcoin';
import type { EventBus } from '../lib/event-bus';
import type { VersionMessage } from '../wire/messages/version';
import type { DisconnectReason, P2PEvents, PeerInfo, Violation } from './p2p-events';

/** Below it there is no `headers` message; Core 31 `src/node/protocol_version.h` MIN_PEER_PROTO_VERSION. */
const MIN_PEER_VERSION = 31_800;

export const HANDSHAKE_TIMEOUT = 'handshake-timeout';

/**
 * How long a handshake may take, from the moment the socket is open until `version` and `verack` have come.
 * This one deadline covers all of it. bcoin's own one (`lib/net/peer.js` initVersion) begins when our version
 * is sent, and is checked every 5 s.
 */
const HANDSHAKE_MS = 10_000;

/** The connection whose handshake it is. */
export interface HandshakePeer extends PeerInfo {
  /** Hands a message to bcoin's session. */
  delegate(packet: packets.Packet): void;
  /** Reports a violation and ends the connection. */
  violation(reason: Violation): void;
  close(reason: DisconnectReason): void;
}

export interface HandshakeModules {
  readonly bus: EventBus<P2PEvents>;
  /** The open connections, by the nonce of the `version` that we sent there. */
  readonly nonces: Map<bigint, HandshakePeer>;
}

/** The handshake with one peer: `version` and `verack` both ways, and what the peer claims about itself. */
export class Handshake {
  /** The peer's `version`; null before it came. */
  claims: VersionMessage | null = null;
  /** Whether version and verack went both ways. */
  established = false;
  private nonce: bigint | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly peer: HandshakePeer,
    private readonly modules: HandshakeModules,
  ) {}

  /** Starts the deadline; to be called when the socket is open. */
  start(): void {
    this.timer = setTimeout(() => this.peer.close(HANDSHAKE_TIMEOUT), HANDSHAKE_MS);
  }

  /** Forgets timer and nonce; to be called when the connection has ended. */
  end(): void {
    this.endDeadline();
    if (this.nonce !== null) this.modules.nonces.delete(this.nonce);
  }

  /** The nonce of our own `version`, which shows a connection to ourselves. */
  createNonce(): Buffer {
    const bytes = randomBytes(8);
    this.nonce = bytes.readBigUInt64LE();
    this.modules.nonces.set(this.nonce, this.peer);
    return bytes;
  }

  /** Takes the peer's `version`. */
  versionReceived(claims: VersionMessage): void {
    if (this.claims !== null) {
      this.peer.violation('duplicate-version');
      return;
    }
    const other = this.modules.nonces.get(claims.nonce);
    if (other !== undefined) {
      // Both ends of this connection are ours.
      other.close('self-connection');
      this.peer.close('self-connection');
      return;
    }
    this.claims = claims;
    if (claims.version < MIN_PEER_VERSION) {
      this.peer.violation('obsolete-version');
      return;
    }
    const packet = new packets.VersionPacket();
    packet.version = claims.version;
    packet.height = claims.startHeight;
    packet.noRelay = !claims.relay;
    this.peer.delegate(packet);
  }

  /** Takes the peer's `verack`, which completes the handshake. */
  verackReceived(): void {
    this.peer.delegate(new packets.VerackPacket());
    if (this.established || this.claims === null) return;
    this.established = true;
    this.endDeadline();
    this.modules.bus.emit('handshake', { peer: this.peer, claims: this.claims });
  }

  private endDeadline(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
