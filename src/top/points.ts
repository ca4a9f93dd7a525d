import type { SeriesName } from '../metrics/schema';
import type { Query } from '../query/model';
import { type Value, allRows } from '../query/result';
import type { Source } from '../query/source';
import type { Period } from '../query/time';
import type { Where } from '../query/where';
import type { NodeName } from './data';

/** A point as read from a store. */
export interface StorePoint extends NodeName {
  readonly time: bigint;
  readonly values: Readonly<Record<string, Value>>;
}

/** The chosen node and network; undefined means any. */
export interface Choice {
  readonly node?: string | undefined;
  readonly network?: string | undefined;
  /** Nodes whose points are left out, since they would count what others count. */
  readonly without?: readonly string[] | undefined;
}

/** Parts of a query besides the series and the time. */
export type Ask = { readonly where?: readonly Where[] } & Partial<
  Pick<Query, 'agg' | 'by' | 'everyNs' | 'limit'>
>;

/** Reads points of the chosen node and network from a store. */
export class Points {
  constructor(
    private readonly source: Source,
    private readonly choice: Choice,
  ) {}

  /** The points or groups of a series from `since` (inclusive) to `until` (exclusive). */
  async read(
    series: SeriesName,
    { since, until }: Period,
    { where = [], agg = null, by = [], everyNs = null, limit = 0 }: Ask = {},
  ): Promise<readonly StorePoint[]> {
    const terms = [...this.chosen(), ...where];
    const result = await this.source.run({
      ...{ series, since, until, agg, by, everyNs, limit },
      where: terms.length === 0 ? null : { kind: 'and', terms },
    });
    const names = result.columns.map(({ name }) => name);
    return (await allRows(result)).map((row) => {
      const values = Object.fromEntries(names.map((name, i) => [name, row[i] ?? null]));
      const { time, node, network } = values;
      return { time: typeof time === 'bigint' ? time : 0n, node: text(node), network: text(network), values };
    });
  }

  private chosen(): readonly Where[] {
    const { without = [] } = this.choice;
    return [
      ...(['node', 'network'] as const).flatMap((column) => {
        const value = this.choice[column];
        return value === undefined ? [] : [is(column, value)];
      }),
      ...without.map((value): Where => ({ kind: 'compare', column: 'node', op: '!=', value })),
    ];
  }
}

/** Points that belong together, in the order of their times. */
export interface Group {
  readonly first: StorePoint;
  last: StorePoint;
  readonly all: StorePoint[];
}

/** Groups points by node, and by the values that `more` returns. */
export function groupByNode(
  points: readonly StorePoint[],
  more: (point: StorePoint) => Value | undefined = () => '',
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const point of points) {
    const key = JSON.stringify([point.node, point.network, String(more(point))]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: point, last: point, all: [point] });
    else {
      group.all.push(point);
      group.last = point;
    }
  }
  return [...groups.values()];
}

/** The condition that a column equals a value. */
export function is(column: string, value: string): Where {
  return { kind: 'compare', column, op: '=', value };
}

/** A numeric value; null if there is none. */
export function numberOf(value: Value | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}
