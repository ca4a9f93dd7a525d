import type { FramingViolation, Preparing } from '../../wire/framing';

/** The transports: `v1` is the plain one, `v2` the encrypted one (BIP324). */
export type TransportName = 'v1' | 'v2';

/** The reasons for which a stream of bytes is no longer a transport. Each ends the connection. */
export type TransportViolation = FramingViolation | 'no-garbage-terminator' | 'wrong-tag' | 'decoy-flood';

/** Bytes without a message: those of a key exchange, and packets that the receiver ignores. */
export type OverheadKind = 'handshake' | 'decoy';

/**
 * Receives what a {@link Transport} finds. A command is a stranger's bytes up to the first NUL, one character
 * for each.
 */
export interface TransportSink {
  /** Called for each whole message before it is checked; `bytes` is what it takes on this transport. */
  arrived(command: string, bytes: number): void;
  /** Called for each message that is intact, directly after `arrived`. */
  message(command: string, payload: Buffer): void;
  /**
   * Called before `arrived` for each intact message, again and again until it is done. Between two calls
   * others may have their turn. Left out: nothing has to be prepared.
   */
  prepare?(command: string, payload: Buffer): Preparing;
  /** Called for received bytes that carry no message. */
  overhead(kind: OverheadKind, bytes: number): void;
  /** Called with bytes of a key exchange that are to be sent. */
  write(bytes: Buffer): void;
  /** Called once, when messages can be sent; never if they can be from the start. */
  ready(): void;
  /** Called at most once. The transport ignores everything that comes later. */
  violation(reason: TransportViolation): void;
}

/** How the messages of one connection become bytes, and bytes messages. */
export interface Transport {
  readonly name: TransportName;
  /** Whether messages can be sent. */
  readonly isReady: boolean;
  /** The number of bytes that were received and not handed on yet. */
  readonly held: number;
  /** Begins; to be called when the socket is open. */
  open(): void;
  /** Takes a chunk, which may end anywhere. */
  add(chunk: Buffer): void;
  /**
   * Hands on what is complete. After each message, and after each part of preparing one, `mayGoOn` is asked,
   * with the bytes of that message, whether to go on. One that has to wait ends the run.
   * @returns whether something complete is left
   */
  run(mayGoOn: (bytes: number) => boolean): boolean;
  /** Stops reading, even in the middle of a chunk. */
  stop(): void;
  /** A message, as bytes that are to be sent. `command` is ASCII of at most 12 characters. */
  encode(command: string, payload: Buffer): Buffer;
}
