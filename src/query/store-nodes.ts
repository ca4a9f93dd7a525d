import { FailureError } from '../lib/errors';
import type { Query } from './model';
import { type Result, allRows } from './result';
import type { Period } from './time';

/** A node of a store: one that wrote points, or that points are about. */
export interface StoreNode {
  readonly node: string;
  /** '' for a collector, which is on no network. */
  readonly network: string;
  /** Whether it is watched (`--watch`, `--tap`); a watched node writes no points itself. */
  readonly isWatched: boolean;
}

/** The points that show a node: accounts of processes, and the series that only watched nodes have. */
const SIGNS = [
  { series: 'btcdmon', column: 'rss', isWatched: false },
  { series: 'node_status', column: null, isWatched: true },
  { series: 'tap', column: null, isWatched: true },
] as const;

/** The nodes that have points in a period. */
export async function readNodes(
  run: (query: Query) => Promise<Result>,
  { since, until }: Period,
): Promise<readonly StoreNode[]> {
  const found = new Map<string, StoreNode>();
  for (const { series, column, isWatched } of SIGNS) {
    const result = await ifThere(() =>
      run({
        ...{ series, since, until, where: null, everyNs: null, limit: 0 },
        ...{ agg: { fn: 'count', column }, by: ['node', 'network'] },
      }),
    );
    for (const [node, network] of result === null ? [] : await allRows(result)) {
      const known = { node: textOf(node), network: textOf(network), isWatched };
      found.set(JSON.stringify(known), known);
    }
  }
  return [...found.values()];
}

/**
 * The answer to a query; null where the store is older than a column of the series, and nobody has added it
 * yet.
 */
export async function ifThere(run: () => Promise<Result>): Promise<Result | null> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof FailureError && /does not exist|not found in FROM clause/.test(error.message))
      return null;
    throw error;
  }
}

/** Names of all nodes, the watched ones first. */
export function namesInOrder(nodes: readonly StoreNode[]): readonly string[] {
  const watched = nodes.filter(({ isWatched }) => isWatched);
  return [...new Set([...namesOf(watched), ...namesOf(nodes)])];
}

/** Names of nodes, each once, sorted. */
export function namesOf(nodes: readonly StoreNode[]): readonly string[] {
  return [...new Set(nodes.map(({ node }) => node))].sort();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
