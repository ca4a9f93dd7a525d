import { printableLabel } from '../metrics/bounded-labels';
import type { FoundNode } from './found-node';
import type { Snapshot } from './snapshot';
import { churnOf } from './summary';

/** A difference between two snapshots. Texts of nodes are cut to 64 printable characters. */
export interface Difference {
  /** `joined` and `left`, or what of the node has changed. */
  readonly change: 'joined' | 'left' | 'user_agent' | 'services' | 'version';
  readonly address: string;
  /** The value in the earlier and in the later snapshot; the user agent of a node that joined or left. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The differences between two snapshots, grouped by kind. */
export function differencesOf(earlier: Snapshot, later: Snapshot): readonly Difference[] {
  const { joined, left } = churnOf(earlier.nodes, later.nodes);
  const before = new Map(earlier.nodes.map((node) => [node.address, node]));
  const changed = (change: Difference['change'], valueOf: (node: FoundNode) => string): Difference[] =>
    later.nodes.flatMap((node) => {
      const old = before.get(node.address);
      if (old === undefined || valueOf(old) === valueOf(node)) return [];
      return [{ change, address: node.address, before: valueOf(old), after: valueOf(node) }];
    });
  const agentOf = ({ userAgent }: FoundNode): string => printableLabel(userAgent);
  return [
    ...joined.map((node) => ({
      ...{ change: 'joined' as const, address: node.address },
      ...{ before: null, after: agentOf(node) },
    })),
    ...left.map((node) => ({
      ...{ change: 'left' as const, address: node.address },
      ...{ before: agentOf(node), after: null },
    })),
    ...changed('user_agent', agentOf),
    ...changed('version', ({ version }) => String(version)),
    ...changed('services', ({ services }) => services.toString(16).padStart(16, '0')),
  ];
}
