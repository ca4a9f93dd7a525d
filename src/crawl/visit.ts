import { randomBytes } from 'node:crypto';
import type { Connection } from '../p2p/connection';
import type { NetworkAddress } from '../wire/messages/network-address';

/** How long a visit waits for what it asked for. */
export interface Patience {
  /**
   * How long a node may take to send addresses after its handshake. btcd and Core from version 22 on answer
   * at once; older versions of Core answer after half a minute in the mean (Core 31 `src/net_processing.cpp`
   * MaybeSendAddr).
   */
  readonly answerMs: number;
  /**
   * How long a visit lasts after the answer to our ping. The ping follows the `getaddr`, and a node answers
   * both in order, so a node without addresses is not waited for.
   */
  readonly afterPongMs: number;
}

export const PATIENCE: Patience = { answerMs: 30_000, afterPongMs: 10_000 };

/** A message with one address is a node's announcement of itself, not an answer to our `getaddr`. */
const LEAST_ADDRESSES = 2;

/** The most messages with addresses that are read from one node: its answer, and what it announces before. */
const MAX_MESSAGES = 8;

/** The most bytes that are read from one node. An answer of 1,000 addresses has 15 to 49 kB. */
const MAX_BYTES = 200_000;

const NO_PAYLOAD = Buffer.alloc(0);

/**
 * What is asked of one node after its handshake: its addresses, once, and a ping. The connection ends as soon
 * as both were answered, when its time is over, or when the node sends more than it was asked for.
 */
export class Visit {
  /** Number of addresses that it sent. */
  told = 0;
  latencyMs: number | undefined;
  /** When its handshake was complete, in Unix milliseconds; null before. */
  establishedMs: number | null = null;
  private messages = 0;
  private bytes = 0;
  private hasAnswered = false;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly patience: Patience,
    /** Takes the addresses that the node sent. */
    private readonly take: (addresses: readonly NetworkAddress[]) => void,
  ) {}

  /** Begins, once the handshake is complete. */
  established(): void {
    this.establishedMs = Date.now();
    this.endIn(this.patience.answerMs);
    this.connection.send('getaddr', NO_PAYLOAD);
    this.connection.send('ping', randomBytes(8));
  }

  addresses(addresses: readonly NetworkAddress[]): void {
    // Without a handshake nobody is heard, and who was heard is done with.
    if (this.establishedMs === null || this.connection.ended) return;
    this.messages += 1;
    this.told += addresses.length;
    this.take(addresses);
    if (addresses.length >= LEAST_ADDRESSES) this.hasAnswered = true;
    if (this.messages >= MAX_MESSAGES) this.connection.close('stopped');
    else this.endIfDone();
  }

  pong(rttMs: number): void {
    this.latencyMs = rttMs;
    this.endIn(this.patience.afterPongMs);
    this.endIfDone();
  }

  read(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > MAX_BYTES) this.connection.close('flood');
  }

  /** Forgets its timers, once the connection has ended. */
  ended(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private endIn(ms: number): void {
    this.timers.push(setTimeout(() => this.connection.close('stopped'), ms));
  }

  private endIfDone(): void {
    if (this.hasAnswered && this.latencyMs !== undefined) this.connection.close('stopped');
  }
}
