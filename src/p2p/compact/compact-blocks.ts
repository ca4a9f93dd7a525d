import type { Hash } from '../../wire/hash';
import type { Clock } from '../../lib/clock';
import type { EventBus } from '../../lib/event-bus';
import { type Block, parseBlock } from '../../wire/block';
import type { Preparing } from '../../wire/framing';
import type { Transaction } from '../../wire/transaction';
import type { BlockRequests } from '../block-requests';
import type { Connection } from '../connection';
import type { Arrival } from '../message-dispatcher';
import type { P2PEvents } from '../p2p-events';
import { type BlockTxnMessage, decodeBlockTxn } from '../../wire/messages/blocktxn';
import { type CmpctBlockMessage, decodeCmpctBlock } from '../../wire/messages/cmpctblock';
import { encodeGetBlockTxn } from '../../wire/messages/getblocktxn';
import { INV_BLOCK } from '../../wire/messages/inventory';
import { RollingSet } from '../../lib/rolling-set';
import type { BlockChecks } from './block-checks';
import { CompactPreparation } from './compact-preparation';
import { type CompactCommand, CompactPreparations } from './compact-preparations';
import type { HighBandwidth } from './high-bandwidth';
import { PartialBlock } from './partial-block';
import { countMissing, type TransactionFates } from './transaction-fates';
import type { TransactionSource } from './transaction-source';

/**
 * The most blocks that wait for transactions at once; each takes up to the 4 MB of a block. Further ones are
 * requested in full.
 */
const MAX_WAITING = 4;

/** A block with fewer transactions is rebuilt in a few milliseconds, if no more are relayed than this. */
const LEAST_PREPARED = 200;
const LEAST_SEARCHED = 5_000;

/** A peer that has not sent the missing transactions after this time is given up. */
const TIMEOUT_MS = 10_000;

/**
 * How many tried blocks and how many `getblocktxn` are remembered, to tell a late answer from an unrequested
 * one.
 */
const REMEMBERED = 64;

export interface CompactBlocksModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly blocks: BlockRequests;
  readonly highBandwidth: HighBandwidth;
  readonly checks: BlockChecks;
  readonly relayed: TransactionSource;
  /** The reasons why transactions were missing; undefined if they are not wanted. */
  readonly fates?: TransactionFates | undefined;
}

/** A rebuilt block. */
export interface RebuiltBlock {
  readonly block: Block;
  /** When the compact block came, on the monotonic clock. */
  readonly receivedMs: number;
}

/** A block that waits for missing transactions. */
interface PendingRebuild {
  readonly hash: Hash;
  readonly connection: Connection;
  readonly partial: PartialBlock;
  readonly outcome: Outcome;
  readonly receivedMs: number;
}

type Outcome = P2PEvents['compactBlock'];

/**
 * Rebuilds blocks from compact blocks (BIP152): finds their transactions among the relayed ones and asks the
 * sender for the missing ones. If that fails, requests the full block. Of several peers that send the same
 * block only the first is used; the others count as announcers. A block whose header is invalid or not near
 * the tip is not rebuilt.
 */
export class CompactBlocks {
  /** Blocks that wait for transactions, by hash. */
  private readonly waiting = new Map<Hash, PendingRebuild>();
  /** Each block is tried once, so that an invented compact block costs us one search and one download. */
  private readonly tried = new RollingSet<Hash>(REMEMBERED);
  private readonly asked = new RollingSet(REMEMBERED);
  private readonly preparations: CompactPreparations;

  constructor(private readonly modules: CompactBlocksModules) {
    this.preparations = new CompactPreparations({
      monotonicMs: () => modules.clock.monotonicMs(),
      begin: (connection, command, payload, hash) =>
        command === 'cmpctblock'
          ? this.prepareCompact(connection, payload, hash)
          : this.prepareRest(connection, payload, hash),
    });
  }

  /** Does a part of what takes long of a `cmpctblock` or a `blocktxn`, before it is handled. */
  readonly prepare = (connection: Connection, command: CompactCommand, payload: Buffer): Preparing =>
    this.preparations.prepare(connection, command, payload);

  /** Takes a `cmpctblock`. Returns the block if nothing is missing. */
  received(connection: Connection, message: CmpctBlockMessage, arrival: Arrival): RebuiltBlock | null {
    const rebuilt = this.rebuild(connection, message, arrival);
    this.preparations.handled(arrival.payload);
    return rebuilt;
  }

  /** Takes a `blocktxn`. Returns the block that it completes. */
  completed(connection: Connection, message: BlockTxnMessage, payload: Buffer): RebuiltBlock | null {
    const rebuilt = this.complete(connection, message, payload);
    this.preparations.handled(payload);
    return rebuilt;
  }

  /**
   * Notes that a full block came: its compact block is no longer pending, unless the full block is a forgery.
   */
  arrivedWhole(block: Block): void {
    const hash = block.wireHash;
    const waiting = this.waiting.get(hash);
    if (waiting === undefined || !this.modules.checks.isIntact(block)) return;
    this.waiting.delete(hash);
    this.modules.bus.emit('compactBlock', waiting.outcome);
  }

  /** Gives up on peers that are gone or silent; to be called several times a second. */
  tick(): void {
    this.preparations.tick();
    const now = this.modules.clock.monotonicMs();
    for (const { hash, connection, outcome: outcome, receivedMs } of this.waiting.values()) {
      if (!connection.ended && now - receivedMs <= TIMEOUT_MS) continue;
      this.waiting.delete(hash);
      this.modules.bus.emit('compactBlock', outcome);
      this.modules.blocks.passOver(connection, hash);
      this.modules.highBandwidth.lapsed(connection);
    }
  }

  /** Prepares a `cmpctblock` that will be tried, unless there is little to do. */
  private prepareCompact(
    connection: Connection,
    payload: Buffer,
    hash: Hash,
  ): CompactPreparation | undefined {
    const { checks, relayed } = this.modules;
    if (!this.wouldTry(connection, hash)) return undefined;
    const message = decodeCmpctBlock(payload);
    if (message.shortIds.length < LEAST_PREPARED && relayed.handles < LEAST_SEARCHED) return undefined;
    return checks.isRecent(message.header) ? CompactPreparation.ofCompact(message, relayed) : undefined;
  }

  /** Prepares a `blocktxn` that was asked for, unless its block is small. */
  private prepareRest(connection: Connection, payload: Buffer, hash: Hash): CompactPreparation | undefined {
    const waiting = this.waiting.get(hash);
    if (waiting?.connection !== connection || waiting.outcome.shortIds < LEAST_PREPARED) return undefined;
    return CompactPreparation.ofRest(waiting.partial, decodeBlockTxn(payload).transactions);
  }

  /** Whether the block of a recent header is rebuilt if this peer sends it. */
  private wouldTry(connection: Connection, hash: Hash): boolean {
    const { blocks, highBandwidth } = this.modules;
    const isWelcome = highBandwidth.supports(connection) && blocks.trusts(connection);
    return isWelcome && !this.tried.has(hash) && this.waiting.size < MAX_WAITING;
  }

  private rebuild(
    connection: Connection,
    message: CmpctBlockMessage,
    { payload, receivedMs }: Arrival,
  ): RebuiltBlock | null {
    const { bus, blocks, checks } = this.modules;
    const standing = checks.judgeHeader(message.header);
    if (standing === 'invalid' || standing === 'early') {
      connection.report(standing === 'early' ? 'time-too-new' : 'invalid-header');
      return null;
    }
    const hash = message.header.wireHash;
    bus.emit('blockAnnounced', { peer: connection, hash });
    if (standing !== 'recent' || !this.wouldTry(connection, hash)) {
      blocks.announced(connection, [{ type: INV_BLOCK, hash }]);
      return null;
    }
    if (!blocks.expect(connection, hash)) return null;
    this.tried.add(hash);

    const partial = PartialBlock.from(message, this.modules.relayed, this.preparations.searchFor(payload));
    const outcome = {
      hash,
      prefilled: message.prefilled.length,
      shortIds: message.shortIds.length,
      bytes: payload.length,
      blockTxnBytes: 0,
      ...this.needlessPrefills(message),
    };
    if (partial === undefined) {
      this.giveUp(connection, hash, outcome);
      return null;
    }
    const missing = partial.missing.length;
    const waiting = { hash, connection, partial, receivedMs, outcome: { ...outcome, missing } };
    if (missing === 0) return this.finish(waiting, []);
    this.waiting.set(hash, waiting);
    this.asked.add(keyOf(connection, hash));
    connection.send('getblocktxn', encodeGetBlockTxn({ blockHash: hash, indexes: partial.missing }));
    return null;
  }

  private complete(
    connection: Connection,
    { blockHash: hash, transactions }: BlockTxnMessage,
    payload: Buffer,
  ): RebuiltBlock | null {
    const waiting = this.waiting.get(hash);
    const key = keyOf(connection, hash);
    if (!this.asked.has(key)) connection.report('unrequested-blocktxn');
    this.asked.delete(key);
    if (waiting?.connection !== connection) return null;
    this.waiting.delete(hash);
    const outcome = { ...waiting.outcome, blockTxnBytes: payload.length };
    const partial = waiting.partial.filled(transactions);
    if (partial !== undefined) return this.finish({ ...waiting, partial, outcome }, transactions);
    connection.report('wrong-blocktxn');
    this.giveUp(connection, hash, outcome);
    return null;
  }

  private finish(
    { hash, connection, partial, outcome, receivedMs }: PendingRebuild,
    missing: readonly Transaction[],
  ): RebuiltBlock | null {
    const bytes = partial.serialize();
    const block = this.preparations.blockOf(bytes) ?? parseBlock(bytes);
    if (!this.modules.checks.isIntact(block)) {
      // A relayed transaction has the same short id as a transaction of the block.
      this.giveUp(connection, hash, outcome);
      return null;
    }
    const ms = this.modules.clock.monotonicMs() - receivedMs;
    const { fates } = this.modules;
    this.modules.bus.emit('compactBlock', {
      ...outcome,
      ...(fates === undefined ? {} : { missingKinds: countMissing(missing, fates) }),
      rebuilt: { bytes: block.size, ms },
    });
    return { block, receivedMs };
  }

  private needlessPrefills({ prefilled }: CmpctBlockMessage): Pick<Outcome, 'needlessPrefills'> {
    const { fates } = this.modules;
    if (fates === undefined) return {};
    return { needlessPrefills: prefilled.filter(({ transaction }) => fates.isKept(transaction)).length };
  }

  /** Requests the full block from the same peer, which has just answered. */
  private giveUp(connection: Connection, hash: Hash, outcome: Outcome): void {
    this.modules.bus.emit('compactBlock', outcome);
    this.modules.blocks.askWhole(connection, hash);
  }
}

function keyOf({ id }: Connection, hash: Hash): string {
  return `${id} ${hash}`;
}
