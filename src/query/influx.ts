import { readAccess } from '../influx/access';
import { parseInfluxUrl } from '../influx/influx-url';
import { tagNames } from '../metrics/schema';
import { compareKeys, finish } from './finish';
import { Grouping } from './grouping';
import { InfluxClient } from './influx-client';
import { flatten } from './influx-raw';
import { checkInfluxStatement } from './influx-statement';
import { aggregatesInServer, compileAggregate, compilePoints, neededColumns, pointColumns } from './influxql';
import type { Query } from './model';
import { type Result, type Row, type Value, integer, resultColumns } from './result';
import type { Source } from './source';
import { rfc3339Ns } from './time';

/**
 * Opens a database of an InfluxDB 1.x. The URL has the form of an export:
 * `influx+http://[user@]host[:8086]/database`.
 * @throws UsageError for a malformed URL, FailureError if the password is missing
 */
export async function openInflux(url: string, env: NodeJS.ProcessEnv): Promise<Source> {
  const place = parseInfluxUrl(url, '--store');
  return new InfluxSource(new InfluxClient(place, await readAccess(place, env)));
}

class InfluxSource implements Source {
  constructor(private readonly client: InfluxClient) {}

  async run(query: Query): Promise<Result> {
    if (query.agg === null)
      return {
        columns: resultColumns(query),
        rows: query.limit === 0 ? this.points(query) : this.newest(query),
      };
    if (aggregatesInServer(query)) return this.aggregate(query);
    const names = neededColumns(query);
    const grouping = new Grouping(query, names);
    for await (const { values } of this.client.send(compilePoints(query, names, 0)))
      for (const row of values ?? []) grouping.add(withTime(row));
    return finish(query, grouping.groups());
  }

  async raw(statement: string): Promise<Result> {
    checkInfluxStatement(statement);
    return flatten(this.client.send(statement));
  }

  close(): Promise<void> {
    this.client.close();
    return Promise.resolve();
  }

  private async aggregate(query: Query): Promise<Result> {
    const counts = query.agg?.column === null;
    const groups = [];
    for await (const { tags, values } of this.client.send(compileAggregate(query)))
      for (const row of values ?? []) {
        const [time, ...results] = withTime(row);
        groups.push({
          time: query.everyNs === null ? null : (time as bigint),
          keys: query.by.map((tag) => tags?.[tag] ?? ''),
          value: counts
            ? results.reduce<number>((sum, count) => sum + Number(count ?? 0), 0)
            : plain(results[0] ?? null),
        });
      }
    return finish(query, groups);
  }

  /**
   * All points in ascending order. Points with the same time are in the order of their tags, as in the other
   * store.
   */
  private async *points(query: Query): AsyncGenerator<readonly Row[]> {
    let tied: Row[] = [];
    for await (const { values } of this.client.send(compilePoints(query, pointColumns(query), 0))) {
      const batch: Row[] = [];
      for (const raw of values ?? []) {
        const row = ofPoint(query, raw);
        if (tied[0]?.[0] !== row[0]) {
          batch.push(...tied.sort(compareKeys));
          tied = [];
        }
        tied.push(row);
      }
      if (batch.length > 0) yield batch;
    }
    if (tied.length > 0) yield tied.sort(compareKeys);
  }

  private async *newest(query: Query): AsyncGenerator<readonly Row[]> {
    let rows: Row[] = [];
    for await (const { values } of this.client.send(compilePoints(query, pointColumns(query), query.limit)))
      for (const row of values ?? []) rows.push(ofPoint(query, row));
    const oldest = rows.at(-1)?.[0] as bigint | undefined;
    if (oldest !== undefined && rows.length === query.limit) {
      // The server chooses which points of the same time its limit cuts off. So all of them are read, and cut
      // here.
      rows = rows.filter(([time]) => time !== oldest);
      const edge = { ...query, since: oldest, until: oldest + 1n };
      for await (const batch of this.points(edge)) rows.push(...batch);
    }
    rows.sort(compareKeys);
    if (rows.length > 0) yield rows.slice(-query.limit);
  }
}

/**
 * Converts a point to the columns of the answer. A missing tag is null in InfluxDB's answer and becomes '',
 * as in groups and conditions.
 */
function ofPoint({ series }: Query, raw: readonly Value[]): Row {
  const tags = tagNames(series).length;
  return withTime(raw.map((value, index) => (index <= tags ? (value ?? '') : value)));
}

function withTime(row: readonly Value[]): Row {
  const [time, ...values] = row;
  return [typeof time === 'string' ? (rfc3339Ns(time) ?? 0n) : (time ?? 0n), ...values];
}

function plain(value: Value): Value {
  return typeof value === 'bigint' ? integer(value) : value;
}
