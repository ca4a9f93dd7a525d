import { ENCRYPTED_TRANSPORT, FirstBytes, type FirstVerdict } from '../first-bytes';
import type { DisconnectReason, Violation } from '../p2p-events';
import type { TransportMode } from './choice';
import type { Transport, TransportName, TransportSink } from './transport';
import { PlainTransport } from './v1';
import { EncryptedTransport } from './v2';

/** The connection behind a gate. */
export interface GatedConnection {
  /** The transport by which we dialled; undefined where the peer dialled us. */
  readonly dialledBy: TransportName | undefined;
  /** Called when the transport has bytes to hand on. */
  arrived(): void;
  /** Sends our own `version` to a peer that dialled us, as soon as the transport is ready. */
  answerVersion(): void;
  violation(reason: Violation): void;
  close(reason: DisconnectReason): void;
}

export interface GateModules {
  readonly terms: {
    readonly network: { readonly magic: number };
    /** The transports that a peer may use that dials us. */
    readonly mode: TransportMode;
  };
  readonly monotonicMs: () => number;
}

/**
 * Finds out which transport a connection speaks. It holds the peer's bytes until the first ones show that. It
 * ends the connection if the peer speaks no transport, or another one than we dialled with. A peer that
 * dialled us gets nothing before its first bytes; by the plain transport it gets our version before the
 * answer to its own.
 */
export class TransportGate {
  /** The first bytes; null once the gate is open. */
  private first: FirstBytes | null;
  /** Undefined until the first bytes of a peer that dialled us have come. */
  private chosen: Transport | undefined;
  private hasBytes = false;

  /** @param sink receives what the transport finds */
  constructor(
    private readonly connection: GatedConnection,
    private readonly sink: TransportSink,
    private readonly modules: GateModules,
  ) {
    const { dialledBy } = connection;
    this.first = new FirstBytes(modules.terms.network.magic, dialledBy === 'v1');
    if (dialledBy !== undefined) this.chosen = this.begin(dialledBy);
  }

  /** The transport, once it is known. */
  get transport(): Transport | undefined {
    return this.chosen;
  }

  /** Whether the peer has sent anything. */
  get hasRead(): boolean {
    return this.hasBytes;
  }

  /** A message, as bytes that are to be sent. */
  encode(command: string, payload: Buffer): Buffer {
    if (this.chosen === undefined) throw new Error('a message before the transport is known');
    return this.chosen.encode(command, payload);
  }

  read(chunk: Buffer): void {
    this.hasBytes = true;
    const { first } = this;
    if (first === null) this.pass(chunk);
    else this.decide(first, first.push(chunk));
  }

  /** Lets through what a peer that dialled us has sent; to be called when our own version is on its way. */
  versionSent(): void {
    const { first } = this;
    if (first === null || this.connection.dialledBy !== undefined) return;
    queueMicrotask(() => this.open(first));
  }

  private begin(name: TransportName): Transport {
    const { connection, sink } = this;
    const { monotonicMs, terms } = this.modules;
    const { magic } = terms.network;
    if (name === 'v1') return new PlainTransport(magic, sink);
    const isInitiator = connection.dialledBy !== undefined;
    return new EncryptedTransport({ isInitiator, magic, monotonicMs }, sink);
  }

  private decide(first: FirstBytes, verdict: FirstVerdict | undefined): void {
    if (verdict === undefined) return;
    if (verdict === ENCRYPTED_TRANSPORT) this.decideEncrypted(first);
    else if (verdict === 'version' || verdict === 'other-message') this.decidePlain(first, verdict);
    else this.connection.violation(verdict);
  }

  private decideEncrypted(first: FirstBytes): void {
    const { connection } = this;
    const { dialledBy } = connection;
    const { mode } = this.modules.terms;
    if (dialledBy === 'v1') {
      // We offered no encryption, so bytes that look encrypted are no transport here.
      connection.violation('wrong-magic');
    } else if (dialledBy === undefined && mode === 'v1') {
      // No violation: the peer comes back with the plain transport.
      connection.close(ENCRYPTED_TRANSPORT);
    } else {
      this.chosen ??= this.begin('v2');
      if (dialledBy === undefined) connection.answerVersion();
      this.open(first);
    }
  }

  private decidePlain(first: FirstBytes, verdict: 'version' | 'other-message'): void {
    const { connection } = this;
    const { dialledBy } = connection;
    const { mode } = this.modules.terms;
    if (dialledBy === 'v1') this.open(first);
    else if (dialledBy === 'v2' || mode === 'v2') connection.close('plain-transport');
    else if (verdict === 'other-message') connection.violation('no-version-first');
    else if (this.chosen === undefined) {
      this.chosen = this.begin('v1');
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
