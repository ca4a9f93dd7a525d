import { parseBlock } from '../../../src/wire/block';
import type { Row } from '../stored';
import type { Judged } from './record';
import type { Message } from './transcript';

/** Rows in a fixed order, for comparison. */
export function sorted(rows: readonly Row[]): Row[] {
  const key = (row: Row): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The number of items of each key. */
export function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

export function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** The row of `processed_blocks` for a block of the script's own, without its sender and its time. */
export function forgedRow({ sha, status, unseen, forged }: Judged): Row {
  if (forged === undefined) throw new Error(`${sha} is a block of btcd's`);
  const { bytes, height, reason, code } = forged;
  const { transactions, weight, version } = parseBlock(bytes);
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
    version,
    num_tx: transactions.length,
    num_inputs: transactions.reduce((sum, { inputs }) => sum + inputs.length, 0),
    num_outputs: transactions.reduce((sum, { outputs }) => sum + outputs.length, 0),
    num_unseen_tx: unseen,
    // The script's blocks claim the fees of their transactions. Its valid blocks have none.
    total_tx_fees: isValid ? 0 : null,
  };
}

/** The claims of a `version` message, by the columns of `peers`. */
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
