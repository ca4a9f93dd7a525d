import { type PanelLine, line } from '../../src/panels/panel';
import { condition as wantedOf } from '../../src/panels/queries';
import { aggregateFields, aggregateSource, condition, quoted } from '../../src/query/influxql';
import type { Query } from '../../src/query/model';
import type { InfluxQuery } from './alert';

/** A period, as seconds before now; the end is 0 for now. */
export type SecondsAgo = readonly [fromS: number, toS: number];

const RANGE = '$timeFilter';
const TAGS = ['node', 'network'];

/** The aggregate of a line over the whole period, for each node and the groups of the line. */
export function whole(asked: PanelLine, [fromS, toS]: SecondsAgo): InfluxQuery {
  const { field, source } = parts(asked);
  return { text: `SELECT ${field} FROM ${source} GROUP BY ${groups(asked)}`, fromS, toS };
}

/**
 * The same over all nodes of each network. Grafana compares it with the values of each node on the network.
 */
export function ofNetwork(asked: PanelLine, [fromS, toS]: SecondsAgo): InfluxQuery {
  const { field, source } = parts(asked);
  return { text: `SELECT ${field} FROM ${source} GROUP BY ${quoted('network')}`, fromS, toS };
}

/**
 * Combines the aggregates of a line in buckets of some minutes: their mean, or their number. Only the inner
 * query has a condition on the time, because InfluxDB 1.6 returns nothing if the first bucket begins before
 * the range of the outer query.
 */
export function overBuckets(
  fn: 'mean' | 'count',
  asked: PanelLine,
  minutes: number,
  [fromS, toS]: SecondsAgo,
): InfluxQuery {
  const { field, source } = parts(asked);
  const buckets = `SELECT ${field} AS "n" FROM ${source} GROUP BY time(${minutes}m), ${groups(asked)} fill(none)`;
  return { text: `SELECT ${fn}("n") FROM (${buckets}) GROUP BY ${groups(asked)}`, fromS, toS };
}

/**
 * The number of points in the last minutes, for each node that had any in the last hours: 0 for a silent
 * node. The buckets end now, so none of them has just begun.
 */
export function silent(minutes: number, hours: number): InfluxQuery {
  const asked = line('', 'btcdmon', 'count', 'rss');
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
