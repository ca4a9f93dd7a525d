import { parseBlock } from '../../../src/wire/block';
import type { Row } from '../stored';
import type { Judged } from './record';
import type { Message } from './transcript';

/** Rows in an order of their own, to be compared with others. */
export function sorted(rows: readonly Row[]): Row[] {
  const key = (row: Row): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** How many there are of each key. */
export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

export function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** The row of `processed_blocks` of a block of the script's own, but for who sent it and how long it took. */
export function forgedRow({ sha, status, unseen, forged }: Judged): Row {
  if (forged === undefined) throw new Error(`${sha} is a block of btcd's`);
  const { bytes, height, reason, code } = forged;
  const { transactions, weight } = parseBlock(bytes);
  const isValid = status === 'accepted' || status === 'side_chain';
  return {
    sha,
    status,
    height,
    is_orphan: status === 'orphan',
    reject_code: code ?? null,
    reject_reason: reason ?? null,
    size: bytes.length,
    weight,
    num_tx: transactions.length,
    num_inputs: transactions.reduce((sum, { inputs }) => sum + inputs.length, 0),
    num_outputs: transactions.reduce((sum, { outputs }) => sum + outputs.length, 0),
    num_unseen_tx: unseen,
    // The script takes the fees of what is in a block, and its valid ones hold nothing.
    total_tx_fees: isValid ? 0 : null,
  };
}

/** What a `version` message claims, by the columns of `peers`. */
export function claimsOf({ payload }: Message): Row {
  const length = payload[80] ?? 0;
  const end = 81 + length;
  return {
    version: payload.readInt32LE(0),
    services: payload.readBigUInt64LE(4).toString(16).padStart(16, '0'),
    start_height: payload.readInt32LE(end),
    relay: payload[end + 4] === 1,
    user_agent: payload.toString('latin1', 81, end),
  };
}
