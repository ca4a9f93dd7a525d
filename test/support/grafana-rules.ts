import { createContext, runInContext } from 'node:vm';
import { frames } from './grafana';
import type { Influxd } from './influxd';

/** An alert rule in the form of Grafana's provisioning. */
export interface ProvisionedRule {
  readonly uid: string;
  readonly condition: string;
  readonly for: string;
  readonly noDataState: 'OK' | 'Alerting' | 'NoData';
  readonly data: readonly {
    readonly refId: string;
    readonly relativeTimeRange: { readonly from: number; readonly to: number };
    readonly model: {
      readonly type?: 'math' | 'reduce';
      readonly query?: string;
      readonly expression?: string;
      readonly reducer?: string;
    };
  }[];
}

/** Values by the labels of their group (JSON). */
type Values = ReadonlyMap<string, number>;

/** Where all arithmetic is computed. A context for each value took more than a gigabyte together. */
const ARITHMETIC = createContext({});

/**
 * Evaluates a rule at a time, like Grafana: each query over its range, the newest value of each group that is
 * not null, and the arithmetic for each group that all of its queries have. A value with fewer labels, such
 * as that of a network, belongs to all groups with these labels. Returns the labels of the groups for which
 * the condition holds.
 */
export async function evaluate(
  server: Pick<Influxd, 'query'>,
  rule: ProvisionedRule,
  atMs: number,
): Promise<ReadonlySet<string>> {
  const newest = new Map<string, Values>();
  const results = new Map<string, Values>();
  for (const { refId, relativeTimeRange, model } of rule.data) {
    if (model.query !== undefined) {
      newest.set(refId, await ask(server, model.query, relativeTimeRange, atMs));
    } else if (model.type === 'reduce') {
      if (model.reducer !== 'last') throw new Error(`${rule.uid}: no reducer ${String(model.reducer)} here`);
      results.set(refId, newest.get(model.expression ?? '') ?? new Map<string, number>());
    } else {
      results.set(refId, compute(model.expression ?? '', results));
    }
  }
  const values = results.get(rule.condition) ?? new Map<string, number>();
  if (values.size === 0 && rule.noDataState === 'Alerting') return new Set(['no data']);
  return new Set([...values].filter(([, value]) => value !== 0).map(([labels]) => labels));
}

async function ask(
  server: Pick<Influxd, 'query'>,
  query: string,
  range: { readonly from: number; readonly to: number },
  atMs: number,
): Promise<Values> {
  const [since, end] = [atMs - range.from * 1_000, atMs - range.to * 1_000];
  const text = query
    .replaceAll('$timeFilter', `time >= ${since}ms and time <= ${end}ms`)
    // The server's own clock is at that time.
    .replace(
      /time\((\d+)m, now\(\)\)/g,
      (_, minutes: string) => `time(${minutes}m, ${atMs % (Number(minutes) * 60_000)}ms)`,
    )
    .replaceAll('now()', `'${new Date(atMs).toISOString()}'`);
  const values = new Map<string, number>();
  for (const { tags, rows } of await frames(server, text)) {
    const last = rows
      .map((row) => row[1])
      .filter((value) => value !== null)
      .at(-1);
    if (last !== undefined) values.set(JSON.stringify(tags), Number(last));
  }
  return values;
}

function compute(expression: string, results: ReadonlyMap<string, Values>): Values {
  const names = [...expression.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
  const groups = new Set(names.flatMap((name) => [...(results.get(name)?.keys() ?? [])]));
  const most = Math.max(...[...groups].map((labels) => labelsIn(labels).length));
  const values = new Map<string, number>();
  for (const labels of groups) {
    if (labelsIn(labels).length < most) continue;
    const found = new Map(names.map((name) => [name, valueFor(labels, results.get(name))]));
    if ([...found.values()].includes(undefined)) continue;
    const code = expression.replace(/\$\{(\w+)\}/g, (_, name: string) => `(${found.get(name) ?? 0})`);
    values.set(labels, Number(runInContext(code, ARITHMETIC)));
  }
  return values;
}

/** The value of a group, or of a group with fewer labels that has the same values. */
function valueFor(labels: string, values: Values | undefined): number | undefined {
  const own = labelsIn(labels);
  for (const [other, value] of values ?? [])
    if (labelsIn(other).every((label) => own.includes(label))) return value;
  return undefined;
}

function labelsIn(labels: string): readonly string[] {
  return Object.entries(JSON.parse(labels) as Readonly<Record<string, string>>).map((label) =>
    JSON.stringify(label),
  );
}
