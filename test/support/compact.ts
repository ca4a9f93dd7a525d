import { createHash } from 'node:crypto';
import type { BlockChecks } from '../../src/p2p/compact/block-checks';
import type { TransactionSource } from '../../src/p2p/compact/transaction-source';
import { wireHash } from '../../src/wire/hash';
import { parseBlock } from '../../src/wire/block';
import type { Transaction } from '../../src/wire/transaction';
import { sipHash } from '../wire/messages/siphash';
import { compactSize } from '../wire/build';

/** The serialization of a transaction. */
export const rawOf = ({ bytes, start, end }: Transaction): Buffer => bytes.subarray(start, end);

/** The short id of a transaction in a block with this header, as its six bytes on the wire (BIP152). */
export function shortId(header: Buffer, nonce: bigint, { wtxid }: Transaction): Buffer {
  const salt = Buffer.alloc(8);
  salt.writeBigUInt64LE(nonce);
  const key = createHash('sha256').update(header.subarray(0, 80)).update(salt).digest();
  const id = Buffer.alloc(8);
  id.writeBigUInt64LE(sipHash(key, Buffer.from(wireHash(wtxid), 'latin1')));
  return id.subarray(0, 6);
}

/** How a compact block differs from the usual one. */
export interface CompactOptions {
  /** Indexes of the transactions that are sent in full; default the coinbase's. */
  readonly prefilled?: readonly number[];
  readonly nonce?: bigint;
  /** Short ids that replace the right ones, by index among the short ids. */
  readonly ids?: ReadonlyMap<number, Buffer>;
}

/**
 * The payload of a `cmpctblock` for a serialized block. It uses nothing of the program but its reader of
 * blocks.
 */
export function compactBlock(bytes: Buffer, options: CompactOptions = {}): Buffer {
  const { prefilled = [0], nonce = 7n } = options;
  const { transactions } = parseBlock(bytes);
  const salt = Buffer.alloc(8);
  salt.writeBigUInt64LE(nonce);
  const ids = transactions
    .filter((_, i) => !prefilled.includes(i))
    .map((transaction, place) => options.ids?.get(place) ?? shortId(bytes, nonce, transaction));
  let next = 0;
  const whole = prefilled.flatMap((index) => {
    const distance = compactSize(index - next);
    next = index + 1;
    return [distance, ...transactions.slice(index, index + 1).map(rawOf)];
  });
  return Buffer.concat([
    bytes.subarray(0, 80),
    salt,
    compactSize(ids.length),
    ...ids,
    compactSize(prefilled.length),
    ...whole,
  ]);
}

/** The payload of a `blocktxn` with these transactions of a serialized block. */
export function blockTxn(bytes: Buffer, transactions: readonly Transaction[]): Buffer {
  const hash = Buffer.from(wireHash(parseBlock(bytes).hash), 'latin1');
  return Buffer.concat([hash, compactSize(transactions.length), ...transactions.map(rawOf)]);
}

/** A source of the given transactions. A test can give a transaction another's wtxid. */
export function sourceOf(
  transactions: readonly Transaction[],
  wtxids: readonly string[] = transactions.map(({ wtxid }) => wtxid),
): TransactionSource {
  const memory = Buffer.from(wtxids.map(wireHash).join(''), 'latin1');
  const view = new DataView(memory.buffer, memory.byteOffset, memory.length);
  const at = (handle: number): Buffer => Buffer.concat(transactions.slice(handle, handle + 1).map(rawOf));
  return {
    handles: transactions.length,
    each: (visit, from = 0, to = Infinity) => {
      for (let i = from; i < Math.min(to, transactions.length); i++) if (!visit(view, 32 * i, i)) return;
    },
    logNew: () => ({ handles: new Set(), end: () => undefined }),
    size: (handle) => at(handle).length,
    copy: (handle, target, start) => at(handle).copy(target, start),
  };
}

/**
 * The parts of a pool that concern chain and relay view, for tests where neither matters: every compact block
 * is requested in full.
 */
export const NO_COMPACT: { readonly checks: BlockChecks; readonly relayed: TransactionSource } = {
  checks: { judgeHeader: () => 'old', isRecent: () => false, isIntact: () => true },
  relayed: sourceOf([]),
};
