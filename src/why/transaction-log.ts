import { displayOf, type Hash, readHash } from '../wire/hash';
import type { Transaction } from '../wire/transaction';
import type { RemovalReason } from '../mempool/mempool-events';
import { type Chunk, ChunkRing } from './chunk-ring';
import type { ItemKey } from './item-log';
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
  readonly txid: () => Hash;
}

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
  private readonly ring: ChunkRing;
  /** The receipt that was added last, until its sender is known. */
  private last: { readonly bytes: Buffer; readonly at: number } | null = null;

  /** The body of the receipt that is being added. */
  private readonly packed = Buffer.alloc(MOST_RECEIPT_BYTES);

  /** @param maxBytes the most memory */
  constructor(maxBytes: number) {
    this.ring = new ChunkRing(maxBytes);
  }

  get bytes(): number {
    return this.ring.bytes;
  }

  /** The time up to which facts were dropped because the memory was used up; null where none were. */
  get dropped(): number | null {
    return this.ring.dropped;
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

  /** Gives back the memory of what is older. */
  expire(untilMs: number): void {
    this.ring.expire(untilMs);
  }

  /** What is told of a transaction with this txid or wtxid, in order; of conflicts those of both sides. */
  find(id: Hash): readonly TransactionFact[] {
    const wanted = Buffer.from(id, 'latin1');
    const txid = this.txidOf(wanted) ?? wanted;
    const found: TransactionFact[] = [];
    this.each((bytes, at) => {
      const isOfIt = isHash(bytes, at + TXID, txid);
      const isOther = KINDS[bytes[at + KIND] ?? 0] === 'conflict' && isHash(bytes, at + OTHER, txid);
      if (isOfIt || isOther) found.push(factAt(bytes, at));
    });
    return found;
  }

  /** The ids of received transactions whose txid or wtxid begins so, as people write it; `most` of them. */
  beginningWith(prefix: string, most: number): readonly FoundIds[] {
    const first = parseInt(prefix.slice(0, 2), 16);
    const found: FoundIds[] = [];
    this.each((bytes, at) => {
      if (found.length >= most || KINDS[bytes[at + KIND] ?? 0] !== 'received') return;
      const other = wtxidAt(bytes, at);
      if (bytes[at + TXID + 31] !== first && bytes[other + 31] !== first) return;
      const [txid, wtxid] = [readHash(bytes, at + TXID), readHash(bytes, other)];
      if ([txid, wtxid].some((id) => displayOf(id).startsWith(prefix))) found.push({ txid, wtxid });
    });
    return found;
  }

  /** Visits each receipt, the oldest first. */
  eachReceived(visit: (receipt: BriefReceipt) => void): void {
    this.each((bytes, at) => {
      if (KINDS[bytes[at + KIND] ?? 0] !== 'received') return;
      visit({
        timeMs: bytes.readDoubleLE(at + TIME),
        connection: connectionAt(bytes, at),
        key: { low: bytes.readUInt32LE(at + TXID), high: bytes.readUInt32LE(at + TXID + 4) },
        ...readVerdict(bytes, at + BODY),
        txid: () => readHash(bytes, at + TXID),
      });
    });
  }

  /** The txid of a received transaction with this wtxid. */
  private txidOf(wtxid: Buffer): Buffer | undefined {
    let txid: Buffer | undefined;
    this.each((bytes, at) => {
      if (KINDS[bytes[at + KIND] ?? 0] === 'received' && isHash(bytes, wtxidAt(bytes, at), wtxid))
        txid = bytes.subarray(at + TXID, at + BODY);
    });
    return txid;
  }

  private begin(
    kind: TransactionFact['kind'],
    txid: Hash,
    timeMs: number,
    length: number,
  ): readonly [Chunk, number] {
    const chunk = this.ring.roomFor(length, timeMs);
    const at = chunk.used;
    chunk.used += length;
    chunk.bytes[at + KIND] = KINDS.indexOf(kind);
    chunk.bytes.writeUInt16LE(length, at + LENGTH);
    chunk.bytes.writeDoubleLE(timeMs, at + TIME);
    chunk.bytes.write(txid, at + TXID, 'latin1');
    return [chunk, at];
  }

  private each(visit: (bytes: Buffer, at: number) => void): void {
    for (const { bytes, used } of this.ring.chunks)
      for (let at = 0; at < used; at += bytes.readUInt16LE(at + LENGTH)) visit(bytes, at);
  }
}

function isHash(bytes: Buffer, at: number, hash: Buffer): boolean {
  return bytes[at] === hash[0] && bytes.compare(hash, 0, hash.length, at, at + hash.length) === 0;
}

function factAt(bytes: Buffer, at: number): TransactionFact {
  const kind = KINDS[bytes[at + KIND] ?? 0] ?? 'received';
  const told = { timeMs: bytes.readDoubleLE(at + TIME), txid: readHash(bytes, at + TXID) };
  const number = bytes.readUInt32LE(at + NUMBER);
  switch (kind) {
    case 'received':
      return receivedAt(bytes, at);
    case 'fee':
      return { kind, ...told, fee: bytes.readDoubleLE(at + BODY) };
    case 'removed':
      return { kind, ...told, reason: REMOVALS[bytes[at + REASON] ?? 0] ?? 'evicted' };
    case 'shed':
      return { kind, ...told, connection: number };
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

function receivedAt(bytes: Buffer, at: number): ReceivedFact {
  const { wtxid, ...told } = readReceipt(bytes, at + BODY);
  const txid = readHash(bytes, at + TXID);
  return {
    ...{ kind: 'received', timeMs: bytes.readDoubleLE(at + TIME), txid, wtxid: wtxid ?? txid },
    ...{ connection: connectionAt(bytes, at), ...told },
  };
}

/** Where the wtxid of a receipt stands. */
function wtxidAt(bytes: Buffer, at: number): number {
  return receiptWtxidAt(bytes, at + BODY) ?? at + TXID;
}

/** The connection by which a transaction came; null where that is not known. */
function connectionAt(bytes: Buffer, at: number): number | null {
  const connection = bytes.readUInt32LE(at + NUMBER);
  return connection === NOBODY ? null : connection;
}

/** A number that may not be known. */
function numberAt(bytes: Buffer, at: number): number | null {
  const value = bytes.readDoubleLE(at);
  return Number.isNaN(value) ? null : value;
}
