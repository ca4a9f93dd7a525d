import { connectClient } from '../../src/query/client';
import { allRows } from '../../src/query/result';
import { type Patience, until } from './until';

/**
 * Waits until a running program has stored what a test looks at: until its embedded store answers a statement
 * of one row with these values, joined by commas. That a node moves no more bytes does not tell it: the
 * program may stand still at that moment.
 */
export function untilStored(
  store: string,
  sql: string,
  values: string,
  patience: Patience = {},
): Promise<unknown> {
  let last = 'nothing';
  return until(
    `${values} in the store`,
    async () => {
      last = await storedRow(store, sql);
      return last === values;
    },
    patience,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${sql} has ${last}`);
  });
}

/** The values of the first row that the store of a running program answers, joined by commas. */
export async function storedRow(store: string, sql: string): Promise<string> {
  const source = await connectClient(store);
  if (source === null) return 'nobody who answers';
  try {
    const [row = []] = await allRows(await source.raw(sql));
    return row.map(String).join();
  } finally {
    await source.close();
  }
}
