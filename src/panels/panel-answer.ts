import type { Query } from '../query/model';
import { type Result, type ResultColumn, type Row, type Value, allRows } from '../query/result';
import type { PanelLine, Panel } from './panel';
import { type Choice, panelQueries } from './queries';

/** The answer of a panel: a row for each bucket and group, a column for each line. */
export interface PanelAnswer {
  /**
   * `time` if there are buckets, the tags that lines are grouped by, then a column for each line under its
   * label.
   */
  readonly columns: readonly ResultColumn[];
  /** Sorted by time, then by group. Null if a line has no value there: unknown, not 0. */
  readonly rows: readonly Row[];
  /**
   * Set if the range reaches back to a time for which the store only has rollups that can't answer a line:
   * the end of that time.
   */
  readonly rawSince?: bigint | undefined;
}

/** Column name of a line that only its groups name. */
const UNNAMED = 'value';

/**
 * Sends all queries of a panel to a store and puts the answers side by side. The lines of a panel group by
 * the same tags. `run` yields the answers in the order of the queries; all rows of one answer are read before
 * the next.
 */
export async function answerPanel(
  panel: Panel,
  choice: Choice,
  run: (queries: readonly Query[]) => AsyncIterable<Result>,
): Promise<PanelAnswer> {
  const bucketed = choice.bucketNs !== null;
  const by = panel.lines[0]?.by ?? [];
  const keys = (bucketed ? 1 : 0) + by.length;
  const rows = new Map<string, Value[]>();
  const columns: ResultColumn[] = [
    ...(bucketed ? [{ name: 'time', type: 'time' } as const] : []),
    ...by.map((name) => ({ name, type: 'string' }) as const),
  ];
  let rawSince: bigint | undefined;
  let index = 0;
  for await (const result of run(panelQueries(panel, choice))) {
    const line = panel.lines[index];
    if (line === undefined) break;
    if (result.rawSince !== undefined) rawSince = later(rawSince, result.rawSince);
    columns.push({ name: columnName(line), type: valueType(line, result.columns.at(-1)) });
    for (const row of await allRows(result)) {
      const id = JSON.stringify(row.slice(0, keys).map(String));
      let merged = rows.get(id);
      if (merged === undefined)
        rows.set(id, (merged = [...row.slice(0, keys), ...panel.lines.map(() => null)]));
      merged[keys + index] = scaled(line, row.at(-1) ?? null);
    }
    index++;
  }
  // A query without buckets and groups always has a row; an empty one is dropped.
  const told = [...rows.values()].filter((row) => row.slice(keys).some((value) => value !== null));
  return { columns, rows: told.sort((a, b) => compare(a, b, keys)), rawSince };
}

/** Name of a line's column. */
export function columnName({ label }: PanelLine): string {
  return label === '' ? UNNAMED : label.replace(/:$/, '');
}

function valueType({ scale }: PanelLine, column: ResultColumn | undefined): ResultColumn['type'] {
  return scale === 1 ? (column?.type ?? 'float') : 'float';
}

function scaled({ scale }: PanelLine, value: Value): Value {
  return scale === 1 || value === null ? value : Number((Number(value) * scale).toPrecision(12));
}

function compare(a: readonly Value[], b: readonly Value[], keys: number): number {
  for (let index = 0; index < keys; index++) {
    const [left, right] = [a[index] ?? '', b[index] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function later(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b > a ? b : a;
}
