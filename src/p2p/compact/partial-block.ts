import { HEADER_BYTES } from '../../wire/header';
import type { Transaction } from '../../wire/transaction';
import { compactSize } from '../../wire/compact-size';
import type { CmpctBlockMessage } from '../../wire/messages/cmpctblock';
import { ShortIds } from './short-ids';
import type { ShortIdSearch } from './short-id-search';
import { NOWHERE, ShortIdTable } from './short-id-table';
import type { TransactionSource } from './transaction-source';

/** The largest block (Core `src/consensus/consensus.h` MAX_BLOCK_SERIALIZED_SIZE). */
const MAX_BLOCK_BYTES = 4_000_000;

/** Two transactions have the same short id, so the right one is unknown. */
const AMBIGUOUS = -2;

/**
 * A block that is being rebuilt from a compact block (BIP152; Core 31 `src/blockencodings.cpp`
 * PartiallyDownloadedBlock). It copies the transactions from the source, so that the source may change while
 * the rest is awaited.
 */
export class PartialBlock {
  /** Indexes in the block of the transactions that were not found, ascending. */
  readonly missing: readonly number[];

  private constructor(
    private readonly message: CmpctBlockMessage,
    private readonly ids: ShortIds,
    /** The serialized transactions, in the order of the block. */
    private readonly parts: readonly (Buffer | undefined)[],
    /** For each index in the block: the index among the short ids. */
    private readonly idIndexes: readonly number[],
  ) {
    this.missing = parts.flatMap((part, i) => (part === undefined ? [i] : []));
  }

  /**
   * Finds the transactions of a compact block in the source; undefined if a short id occurs twice or the
   * transactions exceed the size of a block.
   * @param search one that has looked at all; left out: all are looked at now
   */
  static from(
    message: CmpctBlockMessage,
    source: TransactionSource,
    search?: Pick<ShortIdSearch, 'candidates'>,
  ): PartialBlock | undefined {
    const { header, nonce, shortIds, prefilled } = message;
    const table = ShortIdTable.of(shortIds);
    if (table === undefined) return undefined;
    const ids = new ShortIds(header.bytes, nonce);
    const found = copyFound(findAll(table, ids, shortIds.length, source, search), source);
    if (found === undefined) return undefined;

    const count = shortIds.length + prefilled.length;
    const parts = new Array<Buffer | undefined>(count).fill(undefined);
    const idIndexes = new Array<number>(count).fill(NOWHERE);
    for (const { index, transaction } of prefilled) parts[index] = bytesOf(transaction);
    let idIndex = 0;
    for (let index = 0; index < count; index++) {
      if (parts[index] !== undefined) continue;
      parts[index] = found[idIndex];
      idIndexes[index] = idIndex++;
    }
    return new PartialBlock(message, ids, parts, idIndexes);
  }

  /** The block with the missing transactions; undefined if their short ids are not those of the block. */
  filled(transactions: readonly Transaction[]): PartialBlock | undefined {
    if (transactions.length !== this.missing.length) return undefined;
    const parts = [...this.parts];
    const areRight = transactions.every((transaction, i) => {
      const index = this.missing[i] ?? NOWHERE;
      const wtxid = Buffer.from(transaction.wireWtxid, 'latin1');
      const id = this.ids.of(new DataView(wtxid.buffer, wtxid.byteOffset, wtxid.length), 0);
      parts[index] = bytesOf(transaction);
      return id === this.message.shortIds[this.idIndexes[index] ?? NOWHERE];
    });
    return areRight ? new PartialBlock(this.message, this.ids, parts, this.idIndexes) : undefined;
  }

  /** The block as in a `block` message. Nothing may be missing. */
  serialize(): Buffer {
    const parts = this.parts.filter((part) => part !== undefined);
    return Buffer.concat([
      this.message.header.bytes.subarray(0, HEADER_BYTES),
      compactSize(parts.length),
      ...parts,
    ]);
  }
}

/** For each short id: the handle of its transaction, NOWHERE or AMBIGUOUS. */
function findAll(
  table: ShortIdTable,
  ids: ShortIds,
  count: number,
  source: TransactionSource,
  search: Pick<ShortIdSearch, 'candidates'> | undefined,
): Int32Array {
  const handles = new Int32Array(count).fill(NOWHERE);
  let left = count;
  if (left === 0) return handles;
  const look = (memory: DataView, start: number, handle: number): boolean => {
    const idIndex = table.find(ids.of(memory, start));
    if (idIndex === NOWHERE) return true;
    if (handles[idIndex] === NOWHERE) {
      handles[idIndex] = handle;
      left--;
    } else if (handles[idIndex] !== AMBIGUOUS) {
      handles[idIndex] = AMBIGUOUS;
      left++;
    }
    // As in Core, the search ends once all are found. A collision that is missed shows in the Merkle root.
    return left > 0;
  };
  // The same is found either way, in the same order.
  if (search === undefined) source.each(look);
  else
    for (const handle of search.candidates()) {
      if (left === 0) break;
      source.each(look, handle, handle + 1);
    }
  return handles;
}

/** Copies the found transactions into one buffer; undefined if they exceed the size of a block. */
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
