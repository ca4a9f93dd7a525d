import { type Statement, statements } from '../../grafana/generator/influxql';
import { answerPanel, columnName } from '../../src/panels/panel-answer';
import type { Panel } from '../../src/panels/panel';
import type { Choice } from '../../src/panels/queries';
import type { AggregateName } from '../../src/query/model';
import { type Source, answersOf } from '../../src/query/source';
import { expand, frames } from './grafana';
import type { Influxd } from './influxd';

/** Values by bucket, group and line. */
export type Values = ReadonlyMap<string, number>;

/**
 * Values, with those of `wanted` where they differ by so little that the order of additions explains it. Both
 * are rounded, and such a difference can be on the edge between two digits.
 */
export function agreeing(values: Values, wanted: Values): Values {
  const isSame = (one: number, other: number): boolean => Math.abs(one - other) <= 2e-9 * Math.abs(other);
  return new Map(
    [...values].map(([key, value]) => {
      const other = wanted.get(key);
      return [key, other !== undefined && isSame(value, other) ? other : value];
    }),
  );
}

/** As many digits as both must agree in, because they divide in a different order. */
function rounded(value: unknown): number {
  return Number(Number(value).toPrecision(10));
}

/** The run's values of a panel by answerPanel. */
export async function answered(panel: Panel, choice: Choice, source: Source): Promise<Values> {
  const { columns, rows } = await answerPanel(panel, choice, (queries) => answersOf(source, queries));
  const keys = columns.length - panel.lines.length;
  const values = new Map<string, number>();
  for (const row of rows)
    panel.lines.forEach((line, index) => {
      const value = row[keys + index] ?? null;
      if (value === null) return;
      const [time, ...groups] = choice.bucketNs === null ? [0n, ...row.slice(0, keys)] : row.slice(0, keys);
      values.set(JSON.stringify([Number(time) / 1e6, ...groups, columnName(line)]), rounded(value));
    });
  return values;
}

/** The run's values of a panel by the statements of its dashboard, or by others that it has. */
export async function drawn(
  panel: Panel,
  { since, until: end, bucketNs }: Choice,
  server: Influxd,
  variables: Readonly<Record<string, string>> = {},
  asked: readonly Statement[] = statements(panel),
): Promise<Values> {
  const intervalMs = Number(bucketNs ?? 0n) / 1e6;
  const range = { fromMs: Number(since / 1_000_000n), toMs: Number(end / 1_000_000n) };
  const values = new Map<string, number>();
  for (const { text, lines } of asked)
    for (const { tags, columns, rows } of await frames(server, expand(text, range, intervalMs, variables))) {
      expect(columns).toEqual(lines.map(columnName));
      for (const [time, ...cells] of rows)
        cells.forEach((cell, index) => {
          const line = lines[index];
          if (line === undefined) return;
          // A bucket without counts has no row elsewhere.
          if (cell === null || (line.agg.fn === 'count' && cell === 0)) return;
          const ms = intervalMs === 0 ? 0 : Date.parse(String(time));
          const groups = line.by.map((tag) => tags[tag] ?? '');
          values.set(JSON.stringify([ms, ...groups, columnName(line)]), rounded(cell));
        });
    }
  return values;
}

/** Replaces Grafana's variables in PromQL: the whole run in one bucket, and every node. */
export function expandPromql(text: string): string {
  return text
    .replace(/\$__(interval|rate_interval|range)\b/g, '1m')
    .replace(/="\$(node|watched|monitor)"/g, '=~".*"')
    .replace(/\$network\b/g, '.*');
}

/**
 * What two ways of asking must agree on. Modes are left out: of equally frequent values InfluxDB returns any.
 * So are zeros of bars: dashboards have one for each bucket in which nothing happened.
 */
export function comparable(panel: Panel, values: Values): Record<string, number> {
  const named = (fns: readonly AggregateName[]): ReadonlySet<string> =>
    new Set(panel.lines.filter(({ agg }) => fns.includes(agg.fn)).map(columnName));
  const modes = named(['mode']);
  const amounts = panel.plot === 'bars' ? named(['count', 'sum', 'rate']) : new Set<string>();
  return Object.fromEntries(
    [...values].filter(([id, value]) => {
      const name = (JSON.parse(id) as string[]).at(-1) ?? '';
      return !modes.has(name) && !(value === 0 && amounts.has(name));
    }),
  );
}
