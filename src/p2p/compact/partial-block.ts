import { HEADER_BYTES } from '../../wire/header';
import type { Transaction } from '../../wire/transaction';
import { compactSize } from '../../wire/compact-size';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock';
import { ShortIds } from './short-ids';
import { NOWHERE, ShortIdTable } from './short-id-table';
import type { TransactionSource } from './transaction-source';

/** No block is longer (Core `src/consensus/consensus.h` MAX_BLOCK_SERIALIZED_SIZE). */
const MAX_BLOCK_BYTES = 4_000_000;

/** Two transactions have the same short id: which one is meant is not known. */
const AMBIGUOUS = -2;

/**
 * A block that is put together from a compact one (BIP152; Core 31 `src/blockencodings.cpp`
 * PartiallyDownloadedBlock). It holds copies of what it took from the source, so that the source may change
 * while the rest is awaited.
 */
export class PartialBlock {
  /** Places in the block of the transactions that were not found, ascending. */
  readonly missing: readonly number[];

  private constructor(
    private readonly message: CmpctBlockMessage,
    private readonly ids: ShortIds,
    /** The serialized transactions, in the order of the block. */
    private readonly parts: (Buffer | undefined)[],
    /** Place among the short ids of each place in the block. */
    private readonly idPlaces: readonly number[],
  ) {
    this.missing = parts.flatMap((part, i) => (part === undefined ? [i] : []));
  }

  /**
   * Looks for the transactions of a compact block; undefined where its short ids cannot tell them apart, or
   * stand for more than any block holds.
   */
  static from(message: CmpctBlockMessage, source: TransactionSource): PartialBlock | undefined {
    const { header, nonce, shortIds, prefilled } = message;
    const table = ShortIdTable.of(shortIds);
    if (table === undefined) return undefined;
    const ids = new ShortIds(header.bytes, nonce);
    const found = copyFound(findAll(table, ids, shortIds.length, source), source);
    if (found === undefined) return undefined;

    const count = shortIds.length + prefilled.length;
    const parts = new Array<Buffer | undefined>(count).fill(undefined);
    const idPlaces = new Array<number>(count).fill(NOWHERE);
    for (const { index, transaction } of prefilled) parts[index] = bytesOf(transaction);
    let place = 0;
    for (let index = 0; index < count; index++) {
      if (parts[index] !== undefined) continue;
      parts[index] = found[place];
      idPlaces[index] = place++;
    }
    return new PartialBlock(message, ids, parts, idPlaces);
  }

  /** Puts in what was missing; false where these are not the transactions with the short ids of the block. */
  fill(transactions: readonly Transaction[]): boolean {
    if (transactions.length !== this.missing.length) return false;
    return transactions.every((transaction, i) => {
      const index = this.missing[i] ?? NOWHERE;
      const wtxid = Buffer.from(transaction.wireWtxid, 'latin1');
      const id = this.ids.of(new DataView(wtxid.buffer, wtxid.byteOffset, wtxid.length), 0);
      if (id !== this.message.shortIds[this.idPlaces[index] ?? NOWHERE]) return false;
      this.parts[index] = bytesOf(transaction);
      return true;
    });
  }

  /** The block as it would be in a `block` message, when nothing is missing. */
  serialize(): Buffer {
    const parts = this.parts.filter((part) => part !== undefined);
    return Buffer.concat([
      this.message.header.bytes.subarray(0, HEADER_BYTES),
      compactSize(parts.length),
      ...parts,
    ]);
  }
}

/** The handle of the transaction with each short id, NOWHERE or AMBIGUOUS. */
function findAll(table: ShortIdTable, ids: ShortIds, count: number, source: TransactionSource): Int32Array {
  const handles = new Int32Array(count).fill(NOWHERE);
  let left = count;
  if (left === 0) return handles;
  source.each((memory, start, handle) => {
    const place = table.find(ids.of(memory, start));
    if (place === NOWHERE) return true;
    if (handles[place] === NOWHERE) {
      handles[place] = handle;
      left--;
    } else if (handles[place] !== AMBIGUOUS) {
      handles[place] = AMBIGUOUS;
      left++;
    }
    // As in Core: a second one with the same id, which then goes unseen, shows in the root of the block.
    return left > 0;
  });
  return handles;
}

/** Copies of what was found, all in one piece of memory; undefined where it is too much. */
function copyFound(handles: Int32Array, source: TransactionSource): (Buffer | undefined)[] | undefined {
  const isFound = (handle: number): boolean => handle >= 0;
  let size = 0;
  for (const handle of handles) if (isFound(handle)) size += source.size(handle);
  if (size > MAX_BLOCK_BYTES) return undefined;
  const memory = Buffer.allocUnsafeSlow(size);
  let at = 0;
  return Array.from(handles, (handle) => {
    if (!isFound(handle)) return undefined;
    const start = at;
    at += source.size(handle);
    source.copy(handle, memory, start);
    return memory.subarray(start, at);
  });
}

function bytesOf({ bytes, start, end }: Transaction): Buffer {
  return bytes.subarray(start, end);
}
