import type { DuckDBConnection } from '@duckdb/node-api';
import { type SeriesColumns, onlyRows } from './columns';
import { storedTimes } from './stored-times';

/** Rows of one node and network. */
interface NodeRows {
  readonly node: string;
  readonly network: string;
  readonly rows: number[];
}

/**
 * Leaves out the points that are stored already. Only marked points are looked up, or `all`. A point is found
 * by its time: no two points of a series, node and network share one.
 */
export async function withoutStored(
  connection: DuckDBConnection,
  columns: SeriesColumns,
  all: boolean,
): Promise<SeriesColumns> {
  const { series, times } = columns;
  const stored = new Set<number>();
  for (const { node, network, rows } of byNode(columns, all ? times.keys() : columns.mayBeStored)) {
    const ofRows = rows.map((row) => times[row] ?? 0n);
    const found = new Set(await storedTimes(connection, { series, node, network }, ofRows));
    for (const row of rows) if (found.has(times[row] ?? 0n)) stored.add(row);
  }
  return stored.size === 0
    ? columns
    : onlyRows(
        columns,
        [...times.keys()].filter((row) => !stored.has(row)),
      );
}

function byNode({ tagSets, tags }: SeriesColumns, rows: Iterable<number>): Iterable<NodeRows> {
  const nodes = new Map<string, NodeRows>();
  for (const row of rows) {
    const { node = '', network = '' } = tagSets[tags[row] ?? 0] ?? {};
    const key = `${node}\0${network}`;
    let own = nodes.get(key);
    if (own === undefined) nodes.set(key, (own = { node, network, rows: [] }));
    own.rows.push(row);
  }
  return nodes.values();
}
