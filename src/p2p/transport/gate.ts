import { ENCRYPTED_TRANSPORT, FirstBytes, type FirstVerdict } from './first-bytes';
import type { DisconnectReason, Violation } from './p2p-events';

/** The connection behind a gate. */
export interface GatedConnection {
  /** Takes bytes of the protocol. */
  take(bytes: Buffer): void;
  /** Sends our own `version` to a peer that dialled us. */
  answerVersion(): void;
  violation(reason: Violation): void;
  close(reason: DisconnectReason): void;
}

/**
 * Holds back what a peer sends until its first bytes show that it speaks our transport. Ends the connection
 * if it speaks another one. A peer that dialled us gets our version only after its own has begun.
 */
export class TransportGate {
  /** The first bytes; null once the gate is open. */
  private first: FirstBytes | null;
  private answersVersion = false;

  constructor(
    magic: number,
    private readonly outbound: boolean,
    private readonly connection: GatedConnection,
  ) {
    this.first = new FirstBytes(magic, outbound);
  }

  read(chunk: Buffer): void {
    const { first } = this;
    if (first === null) this.connection.take(chunk);
    else this.decide(first, first.push(chunk));
  }

  /** Lets through what a peer that dialled us has sent; to be called when our own version is on its way. */
  versionSent(): void {
    const { first } = this;
    if (first === null || this.outbound) return;
    queueMicrotask(() => this.open(first));
  }

  private decide(first: FirstBytes, verdict: FirstVerdict | undefined): void {
    if (verdict === undefined) return;
    const { connection, outbound } = this;
    if (verdict === 'other-message' && !outbound) {
      connection.violation('no-version-first');
    } else if (verdict === ENCRYPTED_TRANSPORT && !outbound) {
      // No violation: the peer comes back with the old transport.
      connection.close(ENCRYPTED_TRANSPORT);
    } else if (verdict !== 'version' && verdict !== 'other-message') {
      // We offered no encryption, so what looks like it is no Bitcoin transport here.
      connection.violation(verdict === ENCRYPTED_TRANSPORT ? 'wrong-magic' : verdict);
    } else if (outbound) {
      this.open(first);
    } else if (!this.answersVersion) {
      this.answersVersion = true;
      connection.answerVersion();
    }
  }

  private open(first: FirstBytes): void {
    this.first = null;
    this.connection.take(first.take());
  }
}
