import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Row } from './result';

/**
 * Rows that are processed before the event loop gets a turn: 5 ms here for the series with the most columns.
 */
const ROWS_AT_ONCE = 500;

/** The same rows in small batches, with a turn for the node's event loop before each. */
export async function* inSlices(batches: AsyncIterable<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  for await (const batch of batches)
    for (let from = 0; from < batch.length; from += ROWS_AT_ONCE) {
      await nextTurn();
      yield batch.slice(from, from + ROWS_AT_ONCE);
    }
}
