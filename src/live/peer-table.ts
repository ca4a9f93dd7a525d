import { printableLabel } from '../metrics/bounded-labels';
import type { PeerInfo } from '../p2p/p2p-events';
import { peerNetworkOf } from '../p2p/peer-network';
import type { Hash } from '../wire/hash';
import type { LivePeer } from './live';

/** Counts of one connection. */
interface Account {
  readonly sinceMs: number;
  readonly network: string | null;
  /** Height of the last block that it announced and whose header is known. */
  height: number | null;
  lastMessageMs: number | null;
  pingMs: number | null;
  leastPingMs: number | null;
  bytesSent: number;
  bytesRecv: number;
  messagesSent: number;
  messagesRecv: number;
}

/**
 * The open connections, with their traffic. A connection is listed from its first byte on, so a refused or
 * silent one is never listed.
 */
export class PeerTable {
  private readonly accounts = new Map<PeerInfo, Account>();
  /** The last block that each announced, until its header is known. */
  private readonly lastAnnounced = new Map<PeerInfo, Hash>();

  constructor(private readonly nowMs: () => number) {}

  read(peer: PeerInfo, bytes: number): void {
    this.begun(peer).bytesRecv += bytes;
  }

  written(peer: PeerInfo, bytes: number): void {
    this.begun(peer).bytesSent += bytes;
  }

  received(peer: PeerInfo): void {
    const account = this.accounts.get(peer);
    if (account === undefined) return;
    account.messagesRecv += 1;
    account.lastMessageMs = this.nowMs();
  }

  sent(peer: PeerInfo): void {
    const account = this.accounts.get(peer);
    if (account !== undefined) account.messagesSent += 1;
  }

  pong(peer: PeerInfo, rttMs: number): void {
    const account = this.accounts.get(peer);
    if (account === undefined) return;
    account.pingMs = rttMs;
    account.leastPingMs = Math.min(account.leastPingMs ?? rttMs, rttMs);
  }

  announced(peer: PeerInfo, hash: Hash): void {
    if (this.accounts.has(peer)) this.lastAnnounced.set(peer, hash);
  }

  left(peer: PeerInfo): void {
    this.accounts.delete(peer);
    this.lastAnnounced.delete(peer);
  }

  /**
   * All connections, in the order in which they were opened.
   * @param heightOf the height of a block; undefined while its header is not known
   */
  list(heightOf: (hash: Hash) => number | undefined): LivePeer[] {
    for (const [peer, hash] of this.lastAnnounced) {
      const account = this.accounts.get(peer);
      const height = heightOf(hash);
      if (account === undefined || height === undefined) continue;
      account.height = height;
      this.lastAnnounced.delete(peer);
    }
    return [...this.accounts].map(
      ([{ id, address, outbound, claims, transport }, { height, ...account }]) => ({
        id,
        address,
        outbound,
        transport: transport ?? null,
        userAgent: claims === null ? null : printableLabel(claims.userAgent),
        version: claims?.version ?? null,
        services: claims?.services.toString(16).padStart(16, '0') ?? null,
        startHeight: claims?.startHeight ?? null,
        height: height ?? claims?.startHeight ?? null,
        relay: claims?.relay ?? null,
        ...account,
      }),
    );
  }

  /** Creates the entry of a connection at its first bytes; all other events of a connection come later. */
  private begun(peer: PeerInfo): Account {
    let account = this.accounts.get(peer);
    if (account === undefined) {
      account = {
        sinceMs: this.nowMs(),
        network: peerNetworkOf(peer.address) ?? null,
        height: null,
        ...{ lastMessageMs: null, pingMs: null, leastPingMs: null },
        ...{ bytesSent: 0, bytesRecv: 0, messagesSent: 0, messagesRecv: 0 },
      };
      this.accounts.set(peer, account);
    }
    return account;
  }
}
