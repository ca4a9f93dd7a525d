import { type SeriesName, tagNames } from '../metrics/schema';
import type { Query } from '../query/model';
import type { Period } from '../query/time';
import { type Where, parseWhere } from '../query/where';
import { type PanelLine, type Panel, type Scope, type Wanted, scopeOf } from './panel';

/** What a user chose for a panel. */
export interface Choice extends Period {
  /** Length of the buckets in nanoseconds, as `bucketFor` returns it; null for none. */
  readonly bucketNs: bigint | null;
  /** Restricts every line to one node, or each to the node of its scope (`nodesFor`). */
  readonly node?: string | Readonly<Record<Scope, string>> | undefined;
  /** Restricts the panel to one network. */
  readonly network?: string | undefined;
  /** An additional condition on every line, in the syntax of `parseWhere`. */
  readonly where?: string | undefined;
}

/**
 * The queries of a panel, one for each of its lines.
 * @throws UsageError if the series of a line lacks a name in `choice.where`
 */
export function panelQueries(panel: Panel, choice: Choice): readonly Query[] {
  return panel.lines.map((line) => lineQuery(panel, line, choice));
}

function lineQuery(panel: Panel, line: PanelLine, choice: Choice): Query {
  const { series, agg, by, where } = line;
  const { node, network } = choice;
  const chosen: Record<string, Wanted> = { ...where };
  // A store without a watched node has '' for its scope, which no point has.
  if (typeof node === 'object') chosen['node'] = node[scopeOf(panel, line)];
  else if (node !== undefined && node !== '') chosen['node'] = node;
  if (network !== undefined && network !== '') chosen['network'] = network;
  return {
    ...{ series, agg, by, since: choice.since, until: choice.until, everyNs: choice.bucketNs, limit: 0 },
    where: both(
      condition(series, chosen),
      choice.where === undefined ? null : parseWhere(series, choice.where),
    ),
  };
}

/** The condition of a line on its tags and columns; null if it has none. */
export function condition(series: SeriesName, wanted: Readonly<Record<string, Wanted>>): Where | null {
  // Tags come first, because InfluxDB finds series by them.
  const tags = tagNames(series);
  const names = Object.keys(wanted).sort((a, b) => Number(tags.includes(b)) - Number(tags.includes(a)));
  const terms = names.map((name) => comparison(name, wanted[name] ?? ''));
  return terms.length > 1 ? { kind: 'and', terms } : (terms[0] ?? null);
}

function both(first: Where | null, second: Where | null): Where | null {
  return first !== null && second !== null ? { kind: 'and', terms: [first, second] } : (first ?? second);
}

function comparison(column: string, wanted: Wanted): Where {
  if (typeof wanted !== 'object') return { kind: 'compare', column, op: '=', value: wanted };
  if ('not' in wanted) return { kind: 'compare', column, op: '!=', value: wanted.not };
  return { kind: 'or', terms: wanted.map((value) => ({ kind: 'compare', column, op: '=', value })) };
}
