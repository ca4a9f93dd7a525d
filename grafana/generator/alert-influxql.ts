import type { AlertQuery } from '../../src/alerts/alert-query';
import type { PanelLine } from '../../src/panels/panel';
import { condition as wantedOf } from '../../src/panels/queries';
import { aggregateFields, aggregateSource, condition, quoted } from '../../src/query/influxql';
import type { Query } from '../../src/query/model';

/** An InfluxQL query of an alert; its answer has one value for each group. */
export interface InfluxQuery {
  /** InfluxQL with the macro `$timeFilter`, or with its own times. */
  readonly text: string;
  /** The period before now that it covers, in seconds. */
  readonly fromS: number;
  readonly toS: number;
}

const RANGE = '$timeFilter';
const TAGS = ['node', 'network'];

/** A query of an alert in InfluxQL. */
export function influxOf(query: AlertQuery): InfluxQuery {
  if (query.kind === 'silent') return silent(query.line, query.minutes, query.hours);
  const [fromS, toS] = query.ago;
  return { text: textOf(query), fromS, toS };
}

function textOf(query: Exclude<AlertQuery, { readonly kind: 'silent' }>): string {
  const { field, source } = parts(query.line);
  switch (query.kind) {
    case 'whole':
      return `SELECT ${field} FROM ${source} GROUP BY ${groups(query.line)}`;
    case 'network':
      return `SELECT ${field} FROM ${source} GROUP BY ${quoted('network')}`;
    case 'buckets': {
      // Only the inner query has a condition on the time, because InfluxDB 1.6 returns nothing if the first
      // bucket begins before the range of the outer query.
      const buckets = `SELECT ${field} AS "n" FROM ${source} GROUP BY time(${query.minutes}m), ${groups(query.line)} fill(none)`;
      return `SELECT ${query.fn}("n") FROM (${buckets}) GROUP BY ${groups(query.line)}`;
    }
  }
}

/** The buckets end now, so none of them has just begun. */
function silent(asked: PanelLine, minutes: number, hours: number): InfluxQuery {
  const [field = ''] = aggregateFields(queryOf(asked));
  const range = `time >= now() - ${hours}h AND time < now()`;
  const source = aggregateSource(queryOf(asked), range, range);
  return {
    text: `SELECT ${field} FROM ${source} GROUP BY time(${minutes}m, now()), ${groups(asked)} fill(0)`,
    fromS: hours * 3600,
    toS: 0,
  };
}

function parts(asked: PanelLine): { readonly field: string; readonly source: string } {
  const query = queryOf(asked);
  const [field = ''] = aggregateFields(query);
  const filter = query.where === null ? RANGE : `${RANGE} AND ${condition(query, query.where)}`;
  return { field, source: aggregateSource(query, filter, RANGE) };
}

function groups({ by }: PanelLine): string {
  return [...TAGS, ...by].map(quoted).join(', ');
}

function queryOf({ series, agg, by, where }: PanelLine): Query {
  return { series, agg, by, where: wantedOf(series, where), since: 0n, until: 0n, everyNs: null, limit: 0 };
}
