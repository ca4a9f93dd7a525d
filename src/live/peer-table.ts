import { printableLabel } from '../metrics/bounded-labels';
import type { PeerInfo } from '../p2p/events';
import type { LivePeer } from './live';

/** What is counted of a connection. */
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
 * The connections that are open, with what passed on each. A connection is there from its first byte on: whoever was refused, or
 * does not answer, never is.
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

  /** All of them, in the order in which they came. */
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

  /** Bytes alone begin an account: whatever else is told of a connection comes after them. */
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
