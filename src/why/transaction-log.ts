import { displayOf, type Hash, readHash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import type { RemovalReason } from '../mempool/mempool-events';
import { ChunkLog, type Contents, type KeptWhere } from './chunk-log';
import type { Chunk } from './chunk-ring';
import type { ItemKey } from './item-log';
import type { IdRange } from './kept/kept-entry';
import type { ReadableChunk, Wanted } from './kept/readable-chunk';
import { MOST_RECEIPT_BYTES, packReceipt, readReceipt, readVerdict, receiptWtxidAt } from './packed-receipt';
import type { LaterFact, ReceivedFact, TransactionFact } from './transaction-facts';

const KINDS = ['received', 'fee', 'removed', 'conflict', 'shed'] as const;
const REMOVALS: readonly RemovalReason[] = ['block', 'conflict', 'replaced', 'expired', 'evicted'];

/** A record begins with its kind, a reason, its length and a number; then come a time and the txid. */
const KIND = 0;
const REASON = 1;
const LENGTH = 2;
const NUMBER = 4;
const TIME = 8;
const TXID = 16;
const BODY = 48;

/** In place of the number of a connection that is not known. */
const NOBODY = 0xffff_ffff;

/** Offsets in the body of a conflict. */
const OTHER = BODY;
const PREV = 80;
const CONFLICT_FEE = 112;
const OTHER_FEE = 120;
const CONFLICT_BYTES = 128;

/** A fee alone. */
const FEE_BYTES = 56;

/** The little of a receipt that is read of many of them. */
export interface BriefReceipt {
  readonly timeMs: number;
  readonly connection: number | null;
  readonly key: ItemKey;
  readonly fee: number | null;
  readonly isStandard: boolean;
  /** Copies its txid. */
  readonly copyTxid: (target: Buffer, at: number) => void;
}

/** Offset in a hash of its last four bytes, with which people begin it. */
const SHOWN_FIRST = 28;

/** Digits of them. */
const SHOWN_DIGITS = 8;

/** A transaction of which a search wants to know. */
export interface FoundIds {
  readonly txid: Hash;
  readonly wtxid: Hash;
}

/**
 * What happened to transactions that came, in order. A record takes 48 to 128 bytes; bench/why.ts tells how
 * many a transaction takes.
 */
export class TransactionLog {
  private readonly chunks: ChunkLog;
  /** The receipt that was added last, until its sender is known. */
  private last: { readonly bytes: Buffer; readonly at: number } | null = null;

  /** The body of the receipt that is being added. */
  private readonly packed = Buffer.alloc(MOST_RECEIPT_BYTES);

  /**
   * @param maxBytes the most memory
   * @param where where it is kept on disk; null for memory alone
   */
  constructor(maxBytes: number, where: KeptWhere | null = null) {
    this.chunks = new ChunkLog(maxBytes, where, contentsOf);
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.chunks.bytes;
  }

  /** Bytes on disk. */
  get keptBytes(): number {
    return this.chunks.keptBytes;
  }

  /** The time up to which facts were dropped because there was no more room; null where none were. */
  get dropped(): number | null {
    return this.chunks.dropped;
  }

  /** The time of the oldest fact on disk; null where there is none. */
  get oldestKeptMs(): number | null {
    return this.chunks.oldestKeptMs;
  }

  /** Adds a transaction at its first receipt. */
  addReceived(
    transaction: Transaction,
    told: Pick<ReceivedFact, 'timeMs' | 'connection' | 'fee' | 'checkedAfterMs' | 'reason' | 'measures'>,
  ): void {
    const { packed } = this;
    const length = packReceipt(transaction, told, packed);
    const [{ bytes }, at] = this.begin('received', transaction.wireTxid, told.timeMs, BODY + length);
    this.last = { bytes, at };
    bytes.writeUInt32LE(told.connection ?? NOBODY, at + NUMBER);
    packed.copy(bytes, at + BODY, 0, length);
  }

  /** Says who sent the transaction that was added last; false if that is another one. */
  setSender(txid: Hash, connection: number): boolean {
    const { last } = this;
    this.last = null;
    if (last === null || readHash(last.bytes, last.at + TXID) !== txid) return false;
    last.bytes.writeUInt32LE(connection, last.at + NUMBER);
    return true;
  }

  /** Adds what happened later. */
  add(fact: LaterFact): void {
    const length = { fee: FEE_BYTES, removed: BODY, conflict: CONFLICT_BYTES, shed: BODY }[fact.kind];
    const [{ bytes }, at] = this.begin(fact.kind, fact.txid, fact.timeMs, length);
    switch (fact.kind) {
      case 'fee':
        bytes.writeDoubleLE(fact.fee, at + BODY);
        return;
      case 'removed':
        bytes[at + REASON] = REMOVALS.indexOf(fact.reason);
        return;
      case 'shed':
        bytes.writeUInt32LE(fact.connection, at + NUMBER);
        return;
      case 'conflict':
        bytes.writeUInt32LE(fact.prevIndex, at + NUMBER);
        bytes.write(fact.other, at + OTHER, 'latin1');
        bytes.write(fact.prevTxid, at + PREV, 'latin1');
        bytes.writeDoubleLE(fact.fee ?? NaN, at + CONFLICT_FEE);
        bytes.writeDoubleLE(fact.otherFee ?? NaN, at + OTHER_FEE);
    }
  }

  /** Forgets what is older. */
  expire(untilMs: number): void {
    this.chunks.expire(untilMs);
  }

  /** Writes what is in memory alone to disk. */
  close(): Promise<void> {
    return this.chunks.close();
  }

  /** What is told of a transaction with this txid or wtxid, in order; of conflicts those of both sides. */
  async find(id: Hash): Promise<readonly TransactionFact[]> {
    const told = await this.findTxid(id);
    const received = told.find(({ kind, txid }) => kind === 'received' && txid !== id);
    return received === undefined ? told : this.findTxid(received.txid);
  }

  /** The ids of received transactions whose txid or wtxid begins so, as people write it; `most` of them. */
  async beginningWith(prefix: string, most: number): Promise<readonly FoundIds[]> {
    const first = parseInt(prefix.slice(0, 2), 16);
    const digits = prefix.slice(0, SHOWN_DIGITS);
    const [from, to] = ['0', 'f'].map((digit) => parseInt(digits.padEnd(SHOWN_DIGITS, digit), 16));
    const found: FoundIds[] = [];
    for await (const { bytes, used } of this.chunks.find({ ids: [{ from, to } as IdRange] })) {
      eachRecord(bytes, used, (at) => {
        if (found.length >= most || kindAt(bytes, at) !== 'received') return;
        const other = wtxidAt(bytes, at);
        if (bytes[at + TXID + 31] !== first && bytes[other + 31] !== first) return;
        const [txid, wtxid] = [readHash(bytes, at + TXID), readHash(bytes, other)];
        if ([txid, wtxid].some((id) => displayOf(id).startsWith(prefix))) found.push({ txid, wtxid });
      });
      if (found.length >= most) break;
    }
    return found;
  }

  /**
   * Visits each receipt of a time, the oldest first. Others of nearly the same time can be among them.
   * @param wanted the connection by which it came; undefined for any
   */
  async eachReceived(
    time: Pick<Wanted, 'sinceMs' | 'untilMs'>,
    visit: (receipt: BriefReceipt) => void,
    wanted?: number,
  ): Promise<void> {
    for await (const chunk of this.chunks.find(time)) {
      const { bytes, used } = chunk;
      eachRecord(bytes, used, (at) => {
        if (kindAt(bytes, at) !== 'received') return;
        if (wanted !== undefined && connectionAt(chunk, at) !== wanted) return;
        visit({
          timeMs: bytes.readDoubleLE(at + TIME) + chunk.shiftMs,
          connection: connectionAt(chunk, at),
          key: { low: bytes.readUInt32LE(at + TXID), high: bytes.readUInt32LE(at + TXID + 4) },
          ...readVerdict(bytes, at + BODY),
          copyTxid: (target, to) => void bytes.copy(target, to, at + TXID, at + BODY),
        });
      });
    }
  }

  /** What is told of a txid, and receipts with this wtxid. */
  private async findTxid(id: Hash): Promise<readonly TransactionFact[]> {
    const wanted = Buffer.from(id, 'latin1');
    const shown = shownAt(wanted, 0);
    const found: TransactionFact[] = [];
    for await (const chunk of this.chunks.find({ ids: [{ from: shown, to: shown }] })) {
      const { bytes, used } = chunk;
      eachRecord(bytes, used, (at) => {
        if (idsAt(bytes, at).some((place) => isHash(bytes, place, wanted)))
          found.push(this.factAt(chunk, at));
      });
    }
    return found;
  }

  private begin(
    kind: TransactionFact['kind'],
    txid: Hash,
    timeMs: number,
    length: number,
  ): readonly [Chunk, number] {
    const chunk = this.chunks.roomFor(length, timeMs);
    const at = chunk.used;
    chunk.used += length;
    chunk.bytes[at + KIND] = KINDS.indexOf(kind);
    chunk.bytes.writeUInt16LE(length, at + LENGTH);
    chunk.bytes.writeDoubleLE(timeMs, at + TIME);
    chunk.bytes.write(txid, at + TXID, 'latin1');
    return [chunk, at];
  }

  private factAt(chunk: ReadableChunk, at: number): TransactionFact {
    const { bytes, shiftMs } = chunk;
    const told = { timeMs: bytes.readDoubleLE(at + TIME) + shiftMs, txid: readHash(bytes, at + TXID) };
    const number = bytes.readUInt32LE(at + NUMBER);
    const kind = kindAt(bytes, at);
    switch (kind) {
      case 'received': {
        const { wtxid, ...receipt } = readReceipt(bytes, at + BODY);
        if (connectionAt(chunk, at) !== null) this.chunks.nameIn(chunk, number);
        return { kind, ...told, wtxid: wtxid ?? told.txid, connection: connectionAt(chunk, at), ...receipt };
      }
      case 'fee':
        return { kind, ...told, fee: bytes.readDoubleLE(at + BODY) };
      case 'removed':
        return { kind, ...told, reason: REMOVALS[bytes[at + REASON] ?? 0] ?? 'evicted' };
      case 'shed':
        this.chunks.nameIn(chunk, number);
        return { kind, ...told, connection: chunk.firstNumber + number };
      case 'conflict':
        return {
          ...{ kind, ...told, prevIndex: number },
          other: readHash(bytes, at + OTHER),
          prevTxid: readHash(bytes, at + PREV),
          fee: numberAt(bytes, at + CONFLICT_FEE),
          otherFee: numberAt(bytes, at + OTHER_FEE),
        };
    }
  }
}

function eachRecord(bytes: Buffer, used: number, visit: (at: number) => void): void {
  for (let at = 0; at < used; at += bytes.readUInt16LE(at + LENGTH)) visit(at);
}

function kindAt(bytes: Buffer, at: number): TransactionFact['kind'] {
  return KINDS[bytes[at + KIND] ?? 0] ?? 'received';
}

/** Where its ids stand, by which a record is found: txid, the wtxid of a receipt, the rival of a conflict. */
function idsAt(bytes: Buffer, at: number): readonly number[] {
  const kind = kindAt(bytes, at);
  if (kind === 'conflict') return [at + TXID, at + OTHER];
  const wtxid = kind === 'received' ? receiptWtxidAt(bytes, at + BODY) : null;
  return wtxid === null ? [at + TXID] : [at + TXID, wtxid];
}

function contentsOf({ bytes, used }: Chunk): Contents {
  const contents: Contents = { ids: [], numbers: new Set() };
  eachRecord(bytes, used, (at) => {
    for (const place of idsAt(bytes, at)) contents.ids.push(shownAt(bytes, place));
    const kind = kindAt(bytes, at);
    if (kind === 'received' || kind === 'shed') contents.numbers.add(bytes.readUInt32LE(at + NUMBER));
  });
  return contents;
}

/** The bytes of a hash with which people begin it, as a number. */
function shownAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + SHOWN_FIRST);
}

function isHash(bytes: Buffer, at: number, hash: Buffer): boolean {
  return bytes[at] === hash[0] && bytes.compare(hash, 0, hash.length, at, at + hash.length) === 0;
}

/** Where the wtxid of a receipt stands. */
function wtxidAt(bytes: Buffer, at: number): number {
  return receiptWtxidAt(bytes, at + BODY) ?? at + TXID;
}

/** The connection by which a transaction came; null where that is not known. */
function connectionAt({ bytes, firstNumber }: ReadableChunk, at: number): number | null {
  const connection = bytes.readUInt32LE(at + NUMBER);
  return connection === NOBODY ? null : firstNumber + connection;
}

/** A number that may not be known. */
function numberAt(bytes: Buffer, at: number): number | null {
  const value = bytes.readDoubleLE(at);
  return Number.isNaN(value) ? null : value;
}
