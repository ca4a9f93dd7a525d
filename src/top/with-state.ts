import type { NodeState } from '../live/node-state';
import type { TopData } from './data';
import { MAX_BLOCKS } from './read-store';

/** Combines the data of the store with the current state of the running node. */
export function withState(
  data: TopData,
  { version, node, network, startedMs, ...state }: NodeState,
): TopData {
  const known = new Set(state.blocks.map(({ sha }) => sha));
  const blocks = [...state.blocks, ...data.blocks.filter(({ sha }) => !known.has(sha))];
  return {
    ...data,
    version,
    startedMs,
    verdicts: state.verdicts ?? [],
    firing: state.alerts ?? [],
    nodes: [{ node, network, silentMs: 0 }],
    // A restarted node does not know the blocks from before.
    blocks: blocks.sort((a, b) => b.timeMs - a.timeMs).slice(0, MAX_BLOCKS),
    exporters: state.exporters.map((exporter) => {
      const stored = data.exporters.find(({ name }) => name === exporter.name);
      const before = stored === undefined ? 0 : stored.dropped - stored.droppedNow;
      return { ...exporter, node, droppedNow: Math.max(0, exporter.dropped - before) };
    }),
  };
}
