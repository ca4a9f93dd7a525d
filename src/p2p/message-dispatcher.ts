import type { EventBus } from '../lib/event-bus';
import type { Block } from '../wire/block';
import { isCommand } from '../wire/commands';
import { DecodeError } from '../wire/decode-error';
import type { Preparing } from '../wire/framing';
import { type Hash, hash256 } from '../wire/hash';
import { HEADER_BYTES } from '../wire/header';
import { type DecodedCommand, DECODERS, isDecoded, type MessageOf } from '../wire/messages/table';
import { BlockPreparation } from './block-preparation';
import type { BudgetVerdict, PeerBudget } from './budget/peer-budget';
import type { CompactBlocks } from './compact/compact-blocks';
import type { Connection } from './connection';
import type { FrameWatcher } from './frame-watcher';
import type { P2PEvents, Violation } from './p2p-events';
import type { OverheadKind, TransportSink } from './transport/transport';

/** Messages whose malformed form is a violation of its own. */
const MALFORMED: Readonly<Partial<Record<DecodedCommand, Violation>>> = {
  tx: 'malformed-tx',
  block: 'malformed-block',
};

/** A block of fewer bytes is handled in a few milliseconds. */
const LARGE_BLOCK_BYTES = 200_000;

/** The bytes of a message, and when they came. */
export interface Arrival {
  readonly payload: Buffer;
  /** When it came, on the monotonic clock, before it was decoded. */
  readonly receivedMs: number;
}

/** Handles a message of one command. */
type MessageHandler<C extends DecodedCommand> = (
  connection: Connection,
  message: MessageOf<C>,
  arrival: Arrival,
) => void;

/** A handler for each command. A message without one is counted, decoded and otherwise ignored. */
export type MessageHandlers = { readonly [C in DecodedCommand]?: MessageHandler<C> };

export interface MessageDispatcherModules {
  readonly bus: EventBus<P2PEvents>;
  readonly handlers: MessageHandlers;
  /** Receives every message as it travelled. */
  readonly frames?: FrameWatcher | undefined;
  readonly monotonicMs: () => number;
  /** The time at the last look at the clock, in monotonic milliseconds. */
  readonly turns: { readonly now: number };
  /** Whether a peer was asked for a block, and may still send it. */
  readonly awaitsBlock: (connection: Connection, hash: Hash) => boolean;
  /** Prepares a message that brings a block; see `CompactBlocks`. */
  readonly prepareCompact: CompactBlocks['prepare'];
  /** Receives errors that no message should be able to cause. */
  readonly fault: (error: unknown) => void;
}

/**
 * Takes the messages of one connection from the transport to their handlers: counts each, asks the budget,
 * decodes it once and hands the value on.
 */
export class MessageDispatcher implements TransportSink {
  /** What the present message takes on its transport, in bytes. */
  private bytes = 0;
  /** The block that is being prepared; and what it became, until it is handled. */
  private preparation: BlockPreparation | null = null;
  private block: Block | null = null;

  /** @param budget limits what the peer may cost; null for one that the user named */
  constructor(
    private readonly connection: Connection,
    private readonly budget: PeerBudget | null,
    private readonly modules: MessageDispatcherModules,
  ) {}

  /** Reads large blocks in parts, and rebuilds those of compact blocks. */
  prepare(name: string, payload: Buffer): Preparing {
    if (name === 'cmpctblock' || name === 'blocktxn')
      return this.modules.prepareCompact(this.connection, name, payload);
    return name === 'block' && payload.length >= LARGE_BLOCK_BYTES ? this.prepareBlock(payload) : 'done';
  }

  arrived(name: string, bytes: number): void {
    const command = isCommand(name) ? name : 'other';
    this.bytes = bytes;
    this.modules.frames?.arrived(this.connection, name, bytes);
    this.modules.bus.emit('received', { peer: this.connection, command, bytes });
  }

  overhead(kind: OverheadKind, bytes: number): void {
    this.modules.bus.emit('overhead', { peer: this.connection, kind, read: bytes, written: 0 });
  }

  write(bytes: Buffer): void {
    this.connection.sendHandshake(bytes);
  }

  ready(): void {
    this.connection.transportReady();
  }

  violation(reason: Violation): void {
    this.connection.violation(reason);
  }

  message(name: string, payload: Buffer): void {
    const { block, connection } = this;
    this.block = null;
    this.modules.frames?.message(connection, payload);
    if (!this.isWithinBudget(name)) return;
    if (connection.claims === null && name !== 'version') {
      connection.violation('no-version-first');
      return;
    }
    if (!isDecoded(name)) return;
    const receivedMs = this.modules.monotonicMs();
    let wellFormed = false;
    try {
      // Messages without a handler are decoded too: a malformed one is a violation.
      const message = name === 'block' && block !== null ? block : DECODERS[name](payload);
      wellFormed = true;
      this.dispatch(name, message, { payload, receivedMs });
    } catch (error) {
      if (!wellFormed && error instanceof DecodeError) {
        connection.report(MALFORMED[name] ?? 'malformed-message');
      } else {
        // A fault of ours ends this connection and never the program.
        this.modules.fault(error);
        connection.close('internal-error');
      }
    }
  }

  /**
   * Whether the peer's budget allows the points of the message that is being handled. If not, the caller
   * drops the points, the peer is reported, and it is disconnected if it continues.
   */
  affords(points: number): boolean {
    if (this.budget === null) return true;
    return this.isGranted(this.budget.demand(points, this.modules.turns.now));
  }

  /**
   * Reads and hashes a part of a block that we asked for. Nothing is prepared of another block, because the
   * budget may drop its message.
   */
  private prepareBlock(payload: Buffer): Preparing {
    const { connection } = this;
    try {
      if (this.preparation === null) {
        const hash = hash256(payload.subarray(0, HEADER_BYTES));
        if (!this.modules.awaitsBlock(connection, hash)) return 'done';
        this.preparation = new BlockPreparation(payload);
      }
      connection.solicited();
      this.block = this.preparation.next();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      // The error comes again when the message is handled, and is reported there.
      this.preparation = null;
      return 'done';
    }
    if (this.block === null) return 'part';
    this.preparation = null;
    return 'done';
  }

  private dispatch<C extends DecodedCommand>(command: C, message: MessageOf<C>, arrival: Arrival): void {
    this.modules.handlers[command]?.(this.connection, message, arrival);
  }

  private isWithinBudget(name: string): boolean {
    if (this.budget === null) return true;
    const command = isCommand(name) ? name : 'other';
    return this.isGranted(this.budget.message(command, this.bytes, this.modules.turns.now));
  }

  private isGranted(verdict: BudgetVerdict): boolean {
    if (verdict === 'granted') return true;
    this.connection.report('over-budget');
    if (verdict === 'flood') this.connection.violation('flood');
    return false;
  }
}
