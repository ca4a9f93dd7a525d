import { isSeries, type SeriesName } from '../metrics/schema';
import { parseWhere } from './where';
import { collect, type Row } from './result';
import type { Source } from './source';

/** What one run of a node says that it emitted of one series in a span of time, and what the store holds of that. */
export interface Account {
  readonly node: string;
  readonly network: string;
  readonly series: SeriesName;
  /** When the run started, in milliseconds since the Unix epoch. */
  readonly started: number;
  readonly emitted: number;
  readonly stored: number;
}

/** What the store holds of a run's own accounts of one series: the first and the last of the time asked for. */
interface Span {
  readonly node: string;
  readonly network: string;
  readonly series: SeriesName;
  readonly started: number;
  first: Snapshot;
  last: Snapshot;
}

/** A point of `btcdmon` about a series: so many points have an earlier time than it. */
interface Snapshot {
  readonly time: bigint;
  readonly emitted: number;
}

/** How far a point's time may lie before the start of its run: the clock follows the wall clock within this (clock.ts). */
const CLOCK_SLACK_NS = 20_000_000n;

/**
 * Compares what nodes say that they emitted between two times with what a store holds of it. Each node accounts for itself in the
 * series `btcdmon`: between two of its points about a series there must be as many points as its count grew by. What
 * a run emitted after the last of them is not accounted for yet, and not looked at.
 */
export async function audit(
  source: Source,
  range: { readonly since: bigint; readonly until: bigint },
): Promise<readonly Account[]> {
  const accounts: Account[] = [];
  for (const { first, last, ...run } of await readSpans(source, range)) {
    const where = parseWhere(run.series, `node = ${literal(run.node)} AND network = ${literal(run.network)}`);
    const counted = await source.run({
      series: run.series,
      since: first.time,
      until: last.time,
      where,
      agg: { fn: 'count', column: null },
      by: [],
      everyNs: null,
      limit: 0,
    });
    const [row] = await collect(counted);
    accounts.push({ ...run, emitted: last.emitted - first.emitted, stored: Number(row?.[0] ?? 0) });
  }
  return accounts;
}

async function readSpans(
  source: Source,
  { since, until }: { readonly since: bigint; readonly until: bigint },
): Promise<Iterable<Span>> {
  const where = parseWhere('btcdmon', "series != ''");
  const query = {
    series: 'btcdmon',
    since,
    until,
    where,
    agg: null,
    by: [],
    everyNs: null,
    limit: 0,
  } as const;
  const { columns, rows, rawSince = since } = await source.run(query);
  const places = ['time', 'node', 'network', 'series', 'started', 'emitted'].map((name) =>
    columns.findIndex((column) => column.name === name),
  );
  const spans = new Map<string, Span>();
  for await (const batch of rows)
    for (const row of batch)
      addSnapshot(
        spans,
        places.map((i) => row[i] ?? null),
        rawSince,
      );
  return spans.values();
}

function addSnapshot(spans: Map<string, Span>, row: Row, since: bigint): void {
  const [time, node, network, series, started, emitted] = row;
  if (typeof time !== 'bigint' || typeof series !== 'string' || !isSeries(series)) return;
  const snapshot = { time, emitted: Number(emitted) };
  const key = row.slice(1, 5).join('\0');
  const span = spans.get(key);
  if (span !== undefined) {
    span.last = snapshot;
    return;
  }
  // Of a run that started within the time asked for, everything is looked at: all of it that is not sums of minutes by now, of which
  // a run may have a part of one.
  const start = BigInt(Number(started)) * 1_000_000n - CLOCK_SLACK_NS;
  const first = start >= since ? { time: start, emitted: 0 } : snapshot;
  spans.set(key, {
    node: String(node),
    network: String(network),
    series,
    started: Number(started),
    first,
    last: snapshot,
  });
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
