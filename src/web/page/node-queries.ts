import { equals } from './command-line';
import type { AnswerRows, Cell, QueryFields } from './api-types';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** A point as the values of its columns by name; times in Unix milliseconds. */
export type PointRow = Readonly<Record<string, Cell>>;

/** What the section of the watched node asks for, by name. */
export const NODE_QUERIES = ['status', 'peers', 'tips', 'clock', 'blocks'] as const;

export type NodeQuery = (typeof NODE_QUERIES)[number];

/** The queries about a watched node, up to the newest point of the store. */
export function nodeQueries(node: string, newestMs: number): Readonly<Record<NodeQuery, QueryFields>> {
  const where = equals('node', node);
  const since = (ms: number): string => new Date(newestMs - ms).toISOString();
  return {
    status: { series: 'node_status', where, since: since(10 * MINUTE), limit: 1 },
    // Peers and tips come once a minute, later where machine or node are busy: the last list, and for the
    // rates the one before it.
    peers: { series: 'node_peers', where, since: since(4 * MINUTE), limit: 5_000 },
    tips: { series: 'chain_tips', where, since: since(150 * SECOND), limit: 2_000 },
    clock: { series: 'btcd_lag', where: `${where} AND kind = 'tx'`, since: since(10 * MINUTE), limit: 1 },
    blocks: {
      series: 'btcd_lag',
      where: `${where} AND kind = 'block'`,
      since: since(1_440 * MINUTE),
      limit: 20,
    },
  };
}

/** The rows of an answer as points, in the order of their times. */
export function pointsOf({ columns, rows }: Pick<AnswerRows, 'columns' | 'rows'>): readonly PointRow[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])));
}

/**
 * The points of one list follow one another within some microseconds (`Emitter.together`). Their times are
 * rounded down, so they differ by this at most. The next list comes later, because it needs another call of
 * the node.
 */
const NEXT_MS = 1;

/** The points of the newest list, and all before it. */
export function newestList(points: readonly PointRow[]): {
  readonly newest: readonly PointRow[];
  readonly before: readonly PointRow[];
} {
  const sorted = points.toSorted((a, b) => timeOf(a) - timeOf(b));
  const begin = sorted.findLastIndex(
    (point, at) => at === 0 || timeOf(point) - timeOf(sorted[at - 1] ?? point) > NEXT_MS,
  );
  return { newest: sorted.slice(Math.max(0, begin)), before: sorted.slice(0, Math.max(0, begin)) };
}

/** The time of a point, Unix milliseconds. */
export function timeOf(point: PointRow): number {
  return Number(point['time']);
}

/** A number of a point; null if it is unknown. */
export function numberIn(point: PointRow | undefined, name: string): number | null {
  const value = point?.[name] ?? null;
  return value === null || typeof value === 'boolean' ? null : Number(value);
}

/** A text of a point; '' if it is unknown. */
export function textIn(point: PointRow | undefined, name: string): string {
  const value = point?.[name] ?? null;
  return value === null ? '' : String(value);
}
