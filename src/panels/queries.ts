import { type SeriesName, tagNames } from '../metrics/schema';
import type { Query } from '../query/model';
import type { Period } from '../query/time';
import { type Where, parseWhere } from '../query/where';
import type { PanelLine, Panel, Wanted } from './panel';

/** Of what a panel is asked. */
export interface Choice extends Period {
  /** Length of the buckets in nanoseconds, as `bucketFor` gives it; null for none. */
  readonly bucketNs: bigint | null;
  /** One node or one network alone. */
  readonly node?: string | undefined;
  readonly network?: string | undefined;
  /** A condition more on every line, as `parseWhere` reads it. */
  readonly where?: string | undefined;
}

/**
 * The questions of a panel, one for each of its lines.
 * @throws UsageError where a line's series lacks what `choice.where` names
 */
export function panelQueries(panel: Panel, choice: Choice): readonly Query[] {
  return panel.lines.map((line) => lineQuery(line, choice));
}

function lineQuery({ series, agg, by, where }: PanelLine, choice: Choice): Query {
  const chosen: Record<string, Wanted> = { ...where };
  for (const tag of ['node', 'network'] as const) {
    const value = choice[tag];
    if (value !== undefined && value !== '') chosen[tag] = value;
  }
  return {
    ...{ series, agg, by, since: choice.since, until: choice.until, everyNs: choice.bucketNs, limit: 0 },
    where: both(
      condition(series, chosen),
      choice.where === undefined ? null : parseWhere(series, choice.where),
    ),
  };
}

/** What a line wants of its tags and columns, as a condition; null where it wants nothing. */
export function condition(series: SeriesName, wanted: Readonly<Record<string, Wanted>>): Where | null {
  // Tags first: InfluxDB finds series by them.
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
