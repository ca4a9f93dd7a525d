import { ENCRYPTED_TRANSPORT, FirstBytes } from '../p2p/first-bytes';
import type { Socket } from 'node:net';

/**
 * For so long after an encrypted attempt was closed, another one from the same address is passed on, unless
 * the plain transport came in between: this peer does not come back with it. Core 31 dials again at once
 * (`src/net.cpp` CConnman::PerformReconnections).
 */
const PATIENCE_MS = 60_000;

/** The most addresses that are remembered. The oldest is forgotten for a new one. */
const MAX_HOSTS = 10_000;

/**
 * Closes the first encrypted attempt (BIP324) of an address. A peer that is closed before it got a byte comes
 * back with the old transport (BIP324, "Overview"; Core 31 `src/net.cpp` V2Transport::ShouldReconnectV1).
 */
export class PlainFallback {
  /** When the attempt of each address was closed; in that order. */
  private readonly closed = new Map<string, number>();

  constructor(private readonly monotonicMs: () => number) {}

  /** Whether an encrypted attempt of `host` is closed. If so, it counts as closed. */
  closes(host: string): boolean {
    const now = this.monotonicMs();
    for (const [each, since] of this.closed) {
      if (now - since <= PATIENCE_MS && this.closed.size < MAX_HOSTS) break;
      this.closed.delete(each);
    }
    if (this.closed.delete(host)) return false;
    this.closed.set(host, now);
    return true;
  }

  /** Notes that `host` came with the plain transport: its next encrypted attempt is a first one again. */
  cameBack(host: string): void {
    this.closed.delete(host);
  }
}

/** The first bytes of a connection. */
export interface Beginning {
  readonly isEncrypted: boolean;
  /** What was read. */
  readonly bytes: Buffer;
}

/**
 * Reads the first bytes of a paused socket, until they show whether they begin an encrypted stream. They do
 * not where they don't come within `ms` milliseconds, or where the socket ends before.
 */
export function readBeginning(socket: Socket, magic: number, ms: number): Promise<Beginning> {
  const first = new FirstBytes(magic, false);
  return new Promise((resolve) => {
    const done = (isEncrypted: boolean): void => {
      clearTimeout(timer);
      socket.pause();
      socket.off('data', read).off('end', over).off('close', over);
      resolve({ isEncrypted, bytes: first.take() });
    };
    const read = (chunk: Buffer): void => {
      const verdict = first.push(chunk);
      if (verdict !== undefined) done(verdict === ENCRYPTED_TRANSPORT);
    };
    const over = (): void => done(false);
    const timer = setTimeout(over, ms);
    socket.on('data', read).once('end', over).once('close', over);
    socket.resume();
  });
}
