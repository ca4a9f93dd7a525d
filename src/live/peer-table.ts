import { printableLabel } from '../metrics/bounded-labels';
import type { PeerInfo } from '../p2p/p2p-events';
import type { LivePeer } from './live';

/** Counts of one connection. */
interface Account {
  readonly sinceMs: number;
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

  left(peer: PeerInfo): void {
    this.accounts.delete(peer);
  }

  /** All connections, in the order in which they were opened. */
  list(): LivePeer[] {
    return [...this.accounts].map(([{ id, address, outbound, claims }, account]) => ({
      id,
      address,
      outbound,
      userAgent: claims === null ? null : printableLabel(claims.userAgent),
      version: claims?.version ?? null,
      services: claims?.services.toString(16).padStart(16, '0') ?? null,
      startHeight: claims?.startHeight ?? null,
      relay: claims?.relay ?? null,
      ...account,
    }));
  }

  /** Creates the entry of a connection at its first bytes; all other events of a connection come later. */
  private begun(peer: PeerInfo): Account {
    let account = this.accounts.get(peer);
    if (account === undefined) {
      account = {
        sinceMs: this.nowMs(),
        ...{ lastMessageMs: null, pingMs: null, leastPingMs: null },
        ...{ bytesSent: 0, bytesRecv: 0, messagesSent: 0, messagesRecv: 0 },
      };
      this.accounts.set(peer, account);
    }
    return account;
  }
}
