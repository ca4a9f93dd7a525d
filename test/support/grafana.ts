import type { Influxd, InfluxResponse } from './influxd';

/** A range of time in whole milliseconds. */
export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Replaces what Grafana replaces in a statement of InfluxQL: variables in the browser, macros in its server.
 */
export function expand(
  text: string,
  { fromMs, toMs }: Range,
  intervalMs: number,
  variables: Readonly<Record<string, string>>,
): string {
  // `All` of a variable that has its own value for it is that value. Other values are escaped for a regular
  // expression. Where a test chooses no node, every node is meant, which Grafana never asks for.
  const escaped = (name: string): string => variables[name]?.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&') ?? '.*';
  const chosen = text
    .replace(/\$\{(node|watched|monitor):regex\}/g, (_, name: string) => escaped(name))
    .replace(/\$network\b/g, escaped('network'))
    .replaceAll('$rollup', variables['rollup'] ?? '');
  return chosen
    .replaceAll('$timeFilter', `time >= ${fromMs}ms and time <= ${toMs}ms`)
    .replaceAll('$__interval_ms', String(intervalMs))
    .replaceAll('$__interval', `${intervalMs}ms`);
}

/** A series of an answer: its tags, its columns behind the time, and its rows. */
export interface Frame {
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
}

/** Runs a statement whose variables are replaced. */
export async function frames(server: Pick<Influxd, 'query'>, text: string): Promise<readonly Frame[]> {
  const { results }: InfluxResponse = await server.query(text);
  return (results[0]?.series ?? []).map(({ tags = {}, columns, values = [] }) => ({
    tags,
    columns: columns.slice(1),
    rows: values,
  }));
}
