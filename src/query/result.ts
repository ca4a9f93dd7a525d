import { columnNames, tagNames } from '../metrics/schema';
import type { ColumnType } from '../metrics/schema-types';
import { fieldOf } from './columns';
import type { Query } from './model';

/**
 * A value of an answer. Times are nanoseconds as bigint. Integers are numbers if these are exact, otherwise
 * bigint.
 */
export type Value = string | number | boolean | bigint | null;

/** A row of an answer, in the order of its columns. */
export type Row = readonly Value[];

export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType | 'time';
}

/**
 * An answer. The rows come in batches and can be read once; the iteration throws if the query fails
 * meanwhile.
 */
export interface Result {
  readonly columns: readonly ResultColumn[];
  /**
   * Set if the query reaches back to a time for which the store only has rollups, and those can't answer it:
   * the end of that time.
   */
  readonly rawSince?: bigint | undefined;
  readonly rows: AsyncIterable<readonly Row[]>;
}

/** The columns of the answer to a query. */
export function resultColumns(query: Query): readonly ResultColumn[] {
  const { series, agg } = query;
  const time: ResultColumn = { name: 'time', type: 'time' };
  const typed = (name: string): ResultColumn => ({ name, type: fieldOf(series, name)?.type ?? 'string' });
  if (agg === null) return [time, ...[...tagNames(series), ...columnNames(series)].map(typed)];
  return [
    ...(query.everyNs === null ? [] : [time]),
    ...query.by.map(typed),
    { name: agg.column === null ? agg.fn : `${agg.fn}_${agg.column}`, type: aggregateType(query) },
  ];
}

/** An integer as a number if that is exact, otherwise as bigint. */
export function integer(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** All rows of an answer. */
export async function allRows(result: Result): Promise<readonly Row[]> {
  const all: Row[] = [];
  for await (const batch of result.rows) for (const row of batch) all.push(row);
  return all;
}

/** Yields one complete value, as a batch. */
export async function* inOneBatch<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}

function aggregateType({ series, agg }: Query): ColumnType {
  if (agg?.fn === 'count') return 'int';
  if (agg?.fn === 'mean' || agg?.fn === 'stddev' || agg?.fn === 'rate') return 'float';
  return fieldOf(series, agg?.column ?? '')?.type ?? 'float';
}
