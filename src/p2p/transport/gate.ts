import { ENCRYPTED_TRANSPORT, FirstBytes, type FirstVerdict } from '../first-bytes';
import type { DisconnectReason, Violation } from '../p2p-events';
import type { TransportMode } from './choice';
import type { Transport, TransportName } from './transport';

/** The connection behind a gate. */
export interface GatedConnection {
  /** Begins with a transport. */
  begin(name: TransportName): Transport;
  /** Called when the transport has bytes to hand on. */
  arrived(): void;
  /** Sends our own `version` to a peer that dialled us, as soon as the transport is ready. */
  answerVersion(): void;
  violation(reason: Violation): void;
  close(reason: DisconnectReason): void;
}

export interface GateOptions {
  readonly magic: number;
  /** The transport by which we dialled; undefined where the peer dialled us. */
  readonly dialledBy: TransportName | undefined;
  /** The transports that a peer may use that dials us. */
  readonly mode: TransportMode;
}

/**
 * Finds out which transport a connection speaks. Holds back what a peer sends until its first bytes show
 * that. Ends the connection if it speaks none, or not the one by which we dialled it. A peer that dialled us
 * gets nothing before its first bytes, and by the plain transport our version before the answer to its own.
 */
export class TransportGate {
  /** The first bytes; null once the gate is open. */
  private first: FirstBytes | null;
  /** Undefined until the first bytes of a peer that dialled us have come. */
  private chosen: Transport | undefined;

  constructor(
    private readonly options: GateOptions,
    private readonly connection: GatedConnection,
  ) {
    const { dialledBy, magic } = options;
    this.first = new FirstBytes(magic, dialledBy === 'v1');
    if (dialledBy !== undefined) this.chosen = connection.begin(dialledBy);
  }

  /** The transport, once it is known. */
  get transport(): Transport | undefined {
    return this.chosen;
  }

  read(chunk: Buffer): void {
    const { first } = this;
    if (first === null) this.pass(chunk);
    else this.decide(first, first.push(chunk));
  }

  /** Lets through what a peer that dialled us has sent; to be called when our own version is on its way. */
  versionSent(): void {
    const { first } = this;
    if (first === null || this.options.dialledBy !== undefined) return;
    queueMicrotask(() => this.open(first));
  }

  private decide(first: FirstBytes, verdict: FirstVerdict | undefined): void {
    if (verdict === undefined) return;
    if (verdict === ENCRYPTED_TRANSPORT) this.decideEncrypted(first);
    else if (verdict === 'version' || verdict === 'other-message') this.decidePlain(first, verdict);
    else this.connection.violation(verdict);
  }

  private decideEncrypted(first: FirstBytes): void {
    const { connection } = this;
    const { dialledBy, mode } = this.options;
    if (dialledBy === 'v1') {
      // We offered no encryption, so what looks like it is no transport here.
      connection.violation('wrong-magic');
    } else if (dialledBy === undefined && mode === 'v1') {
      // No violation: the peer comes back with the plain transport.
      connection.close(ENCRYPTED_TRANSPORT);
    } else {
      this.chosen ??= connection.begin('v2');
      if (dialledBy === undefined) connection.answerVersion();
      this.open(first);
    }
  }

  private decidePlain(first: FirstBytes, verdict: 'version' | 'other-message'): void {
    const { connection } = this;
    const { dialledBy, mode } = this.options;
    if (dialledBy === 'v1') this.open(first);
    else if (dialledBy === 'v2' || mode === 'v2') connection.close('plain-transport');
    else if (verdict === 'other-message') connection.violation('no-version-first');
    else if (this.chosen === undefined) {
      this.chosen = connection.begin('v1');
      connection.answerVersion();
    }
  }

  private open(first: FirstBytes): void {
    this.first = null;
    this.pass(first.take());
  }

  private pass(bytes: Buffer): void {
    this.chosen?.add(bytes);
    this.connection.arrived();
  }
}
