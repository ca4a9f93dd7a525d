import type { Point } from '../metrics/point';
import { SERIES_NAMES, type SeriesName, tagNames } from '../metrics/schema';
import { parseQuery } from '../query/model';
import type { Result, Row, Value } from '../query/result';
import type { Source } from '../query/source';
import { formatNs } from '../query/time';

/**
 * Series that a replay does not repeat: what the program measured of itself, alerts, which depend on the
 * store, and crawls, which another command makes.
 */
const NOT_REPLAYED: readonly SeriesName[] = ['btcdmon', 'alerts', 'nodes', 'crawls'];

/** The first point of the replay that differs from the store's point at the same place in its series. */
export interface PointDifference {
  readonly series: SeriesName;
  readonly timeNs: bigint;
  /** What differs, in words. */
  readonly what: string;
}

/** The points of a series in a store, in the order of their times. */
class StoredPoints {
  private batch: readonly Row[] = [];
  private at = 0;
  private readonly batches: AsyncIterator<readonly Row[]>;
  private readonly places: ReadonlyMap<string, number>;

  constructor(
    result: Result,
    private readonly tags: Readonly<Record<string, string>>,
  ) {
    this.batches = result.rows[Symbol.asyncIterator]();
    this.places = new Map(result.columns.map(({ name }, place) => [name, place]));
  }

  /** The next point of the node, without taking it; undefined behind the last. */
  async peek(): Promise<Row | undefined> {
    for (;;) {
      const row = this.batch[this.at];
      if (row !== undefined && this.isOfNode(row)) return row;
      if (row !== undefined) {
        this.at += 1;
        continue;
      }
      const next = await this.batches.next();
      if (next.done === true) return undefined;
      this.batch = next.value;
      this.at = 0;
    }
  }

  skip(): void {
    this.at += 1;
  }

  value(row: Row, name: string): Value {
    const place = this.places.get(name);
    return place === undefined ? null : (row[place] ?? null);
  }

  /** Names of tags and columns. */
  names(): readonly string[] {
    return [...this.places.keys()].filter((name) => name !== 'time');
  }

  private isOfNode(row: Row): boolean {
    return Object.entries(this.tags).every(([name, value]) => this.value(row, name) === value);
  }
}

/**
 * Compares the points of a replay with the store's points of the run, value by value, in the order of their
 * times. It keeps only points since the last comparison in memory.
 */
export class PointComparison {
  /** Points that are the same. */
  same = 0;
  private readonly replayed = new Map<SeriesName, Point[]>();
  private readonly stored = new Map<SeriesName, StoredPoints>();

  /** @param sinceNs when the run began: earlier points of the node are of other runs */
  constructor(
    private readonly source: Source,
    private readonly tags: { readonly node: string; readonly network: string },
    private readonly sinceNs: bigint,
  ) {}

  push(point: Point): void {
    if (NOT_REPLAYED.includes(point.series)) return;
    const points = this.replayed.get(point.series);
    if (points === undefined) this.replayed.set(point.series, [point]);
    else points.push(point);
  }

  /** Compares the points since the last call. Returns the first that differs, or null. */
  async compare(): Promise<PointDifference | null> {
    let first: PointDifference | null = null;
    for (const [series, points] of this.replayed) {
      const difference = await this.compareSeries(series, points);
      if (difference !== null && (first === null || difference.timeNs < first.timeNs)) first = difference;
    }
    this.replayed.clear();
    return first;
  }

  /** Looks for points of the store until a time that the replay lacks, after the last comparison. */
  async lacking(untilNs: bigint): Promise<PointDifference | null> {
    let first: PointDifference | null = null;
    for (const series of SERIES_NAMES) {
      if (NOT_REPLAYED.includes(series)) continue;
      const row = await (await this.storedOf(series)).peek();
      const timeNs = row?.[0];
      if (typeof timeNs !== 'bigint' || timeNs > untilNs) continue;
      if (first === null || timeNs < first.timeNs)
        first = { series, timeNs, what: 'the replay lacks this point' };
    }
    return first;
  }

  private async compareSeries(series: SeriesName, points: readonly Point[]): Promise<PointDifference | null> {
    const stored = await this.storedOf(series);
    const names = stored.names();
    const tags = tagNames(series);
    for (const point of points) {
      const row = await stored.peek();
      const timeNs = row?.[0];
      if (row === undefined || typeof timeNs !== 'bigint' || timeNs > point.time)
        return { series, timeNs: point.time, what: 'the store lacks this point' };
      if (timeNs < point.time) return { series, timeNs, what: 'the replay lacks this point' };
      for (const name of names) {
        // A tag that a point lacks is an empty one in some stores.
        const none = tags.includes(name) ? '' : null;
        const replayed = point.tags[name] ?? point.fields[name] ?? none;
        const value = stored.value(row, name) ?? none;
        if (!isSame(replayed, value))
          return {
            series,
            timeNs,
            what: `${name} is ${shown(replayed)} in the replay and ${shown(value)} in the store`,
          };
      }
      stored.skip();
      this.same += 1;
    }
    return null;
  }

  private async storedOf(series: SeriesName): Promise<StoredPoints> {
    let stored = this.stored.get(series);
    if (stored === undefined) {
      const query = parseQuery(
        { series, since: formatNs(this.sinceNs), until: '2261-01-01', limit: 0 },
        this.sinceNs,
      );
      stored = new StoredPoints(await this.source.run(query), this.tags);
      this.stored.set(series, stored);
    }
    return stored;
  }
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (typeof b === 'bigint' && typeof a === 'number' && BigInt(a) === b);
}

function shown(value: Value): string {
  return value === null ? 'not known' : typeof value === 'string' ? JSON.stringify(value) : String(value);
}
