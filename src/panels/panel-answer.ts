import type { Query } from '../query/model';
import { type Result, type ResultColumn, type Row, type Value, allRows } from '../query/result';
import type { PanelLine, Panel } from './panel';
import { type Choice, panelQueries } from './queries';

/** The answer of a panel: a row for each bucket and group, a column for each line. */
export interface PanelAnswer {
  /** `time` where there are buckets, the tags that lines are grouped by, then one for each line under its label. */
  readonly columns: readonly ResultColumn[];
  /** Sorted by time, then by group. A line that has no value there has null: unknown, not 0. */
  readonly rows: readonly Row[];
  /** Where the range reaches back to a time of which the store has only sums that can't answer a line: its end. */
  readonly rawSince?: bigint | undefined;
}

/** Label of the value column of a line that is named by its groups alone. */
const UNNAMED = 'value';

/**
 * Asks a store all questions of a panel and puts the answers side by side. The lines of a panel group by the same tags. `run` gives the
 * answers in the order of the questions; of each all rows are taken before the next is asked for.
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
  // A question without buckets and groups always has a row; one that says nothing is none.
  const told = [...rows.values()].filter((row) => row.slice(keys).some((value) => value !== null));
  return { columns, rows: told.sort((a, b) => compare(a, b, keys)), rawSince };
}

/** What the column of a line is called. */
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
