import { DecodeError } from '../../wire/decode-error';
import { type Hash, hash256, readHash } from '../../wire/hash';
import { HEADER_BYTES } from '../../wire/header';
import type { Preparing } from '../../wire/framing';
import type { Block } from '../../wire/block';
import type { Connection } from '../connection';
import type { CompactPreparation } from './compact-preparation';
import type { ShortIdSearch } from './short-id-search';

/** How long others that send the same block wait for a preparation. It takes a tenth of that. */
const WAIT_MS = 1_000;

/** The messages that are prepared. */
export type CompactCommand = 'cmpctblock' | 'blocktxn';

export interface CompactPreparationsModules {
  readonly monotonicMs: () => number;
  /**
   * Begins to prepare a message; undefined if it brings no large block.
   * @throws DecodeError
   */
  readonly begin: (
    connection: Connection,
    command: CompactCommand,
    payload: Buffer,
    hash: Hash,
  ) => CompactPreparation | undefined;
}

/** The message that is being prepared. */
interface Current {
  readonly connection: Connection;
  readonly payload: Buffer;
  readonly hash: Hash;
  readonly sinceMs: number;
  readonly preparation: CompactPreparation;
}

/**
 * Prepares one message after the other that brings a block. Several peers send the same block at once: the
 * others wait, because the first one is to be used.
 */
export class CompactPreparations {
  private current: Current | null = null;

  constructor(private readonly modules: CompactPreparationsModules) {}

  /** Prepares a part of a message, unless another one is being prepared. */
  prepare(connection: Connection, command: CompactCommand, payload: Buffer): Preparing {
    // The last messages of a peer that hung up are all handled at once.
    if (connection.ended || payload.length < HEADER_BYTES) return 'done';
    try {
      if (this.current?.payload !== payload) {
        const hash =
          command === 'cmpctblock' ? hash256(payload.subarray(0, HEADER_BYTES)) : readHash(payload, 0);
        this.tick();
        if (this.current !== null) return this.current.hash === hash ? 'wait' : 'done';
        const preparation = this.modules.begin(connection, command, payload, hash);
        if (preparation === undefined) return 'done';
        this.current = { connection, payload, hash, sinceMs: this.modules.monotonicMs(), preparation };
      }
      return this.current.preparation.next() ? 'done' : 'part';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // The same happens when the message is handled, and is reported then.
      this.end();
      return 'done';
    }
  }

  /** The search that was made for a message; undefined if none was. */
  searchFor(payload: Buffer): ShortIdSearch | undefined {
    return this.current?.payload === payload ? this.current.preparation.search : undefined;
  }

  /** The block with these bytes; undefined if it was not prepared. */
  blockOf(bytes: Buffer): Block | undefined {
    return this.current?.preparation.blockOf(bytes);
  }

  /** Notes that a message was handled. */
  handled(payload: Buffer): void {
    if (this.current?.payload === payload) this.end();
  }

  /** Gives up a preparation whose peer is gone or has no turn; to be called several times a second. */
  tick(): void {
    const { current } = this;
    if (current === null) return;
    if (current.connection.ended || this.modules.monotonicMs() - current.sinceMs > WAIT_MS) this.end();
  }

  private end(): void {
    this.current?.preparation.end();
    this.current = null;
  }
}
