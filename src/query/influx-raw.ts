import type { InfluxSeries } from './influx-client';
import type { Result, ResultColumn, Row, Value } from './result';
import { rfc3339Ns } from './time';

/**
 * Joins the tables of a raw InfluxQL answer into one. The tags of GROUP BY become columns, and so does the
 * name of the measurement if there can be several. The other columns are those of the first table.
 */
export async function flatten(tables: AsyncGenerator<InfluxSeries>): Promise<Result> {
  const first = await tables.next();
  if (first.done === true) return { columns: [], rows: batches(tables, null, []) };
  const { name, tags, columns, values } = first.value;
  const named = name !== undefined && !columns.includes('name');
  const heads = [...(named ? ['name'] : []), ...Object.keys(tags ?? {})];
  const types = columns.map((column, index) => typeOf(column, values?.[0]?.[index] ?? null));
  return {
    columns: [
      ...heads.map((head): ResultColumn => ({ name: head, type: 'string' })),
      ...columns.map((column, index): ResultColumn => ({ name: column, type: types[index] ?? 'string' })),
    ],
    rows: batches(tables, first.value, heads),
  };
}

async function* batches(
  tables: AsyncGenerator<InfluxSeries>,
  first: InfluxSeries | null,
  heads: readonly string[],
): AsyncGenerator<readonly Row[]> {
  const toRows = ({ name, tags, columns, values }: InfluxSeries): readonly Row[] => {
    const timeAt = columns.indexOf('time');
    const head = heads.map((key) => (key === 'name' ? (name ?? '') : (tags?.[key] ?? '')));
    return (values ?? []).map((row) => [
      ...head,
      ...row.map((value, index) => (index === timeAt ? timeOf(value) : value)),
    ]);
  };
  if (first !== null) yield toRows(first);
  for await (const table of tables) yield toRows(table);
}

function timeOf(value: Value): Value {
  return typeof value === 'string' ? (rfc3339Ns(value) ?? value) : value;
}

function typeOf(column: string, value: Value): ResultColumn['type'] {
  if (column === 'time' && typeof timeOf(value) === 'bigint') return 'time';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  return typeof value === 'number' ? 'float' : 'string';
}
