import { type StoreNode, namesOf } from '../query/store-nodes';
import type { Scope } from './panel';

/** What a user chose, and the node that answers. */
export interface NodeWish {
  readonly node?: string | undefined;
  readonly network?: string | undefined;
  /** Name of the process that answers, if it is a node or collector. */
  readonly own?: string | null | undefined;
}

/**
 * The node of each scope. Without a choice a watched node comes first, then the own listener, then the others
 * by name. '' where the store has none.
 */
export function nodesFor(
  nodes: readonly StoreNode[],
  { node, network, own }: NodeWish,
): Readonly<Record<Scope, string>> {
  const there = isGiven(network) ? nodes.filter((it) => it.network === network) : nodes;
  const watched = namesOf(there.filter(({ isWatched }) => isWatched));
  const monitors = namesOf(there.filter(({ isWatched }) => !isWatched));
  const listeners = namesOf(there.filter((it) => !it.isWatched && it.network !== ''));
  const preferred = (names: readonly string[]): string | undefined =>
    names.find((name) => name === node) ?? names.find((name) => name === own) ?? names[0];
  return {
    node: isGiven(node) ? node : (watched[0] ?? preferred(listeners) ?? preferred(monitors) ?? own ?? ''),
    watched: preferred(watched) ?? '',
    // A node that has just started may have no account of itself yet.
    monitor: preferred(monitors) ?? own ?? '',
  };
}

/**
 * The network that is shown if none is chosen, so that two networks in one store are never summed: the
 * `running` one. Undefined where there is nothing to choose.
 */
export function networkFor(nodes: readonly StoreNode[], running: string | null): string | undefined {
  // A node that runs for the first time has no points yet.
  const names = [...nodes.map(({ network }) => network), running ?? ''].filter((name) => name !== '');
  const networks = [...new Set(names)].sort();
  return networks.length < 2 ? undefined : (networks.find((name) => name === running) ?? networks[0]);
}

function isGiven(name: string | undefined): name is string {
  return name !== undefined && name !== '';
}
