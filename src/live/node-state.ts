import type { ExporterStats } from '../metrics/collector';
import type { Live, LiveBlock, LivePeer } from './live';

/** What a running node tells of this moment to other processes of its user. */
export interface NodeState {
  /** Of the program. */
  readonly version: string;
  readonly node: string;
  readonly network: string;
  /** Unix times in milliseconds. */
  readonly startedMs: number;
  readonly nowMs: number;
  readonly peers: readonly LivePeer[];
  /** The newest first. */
  readonly blocks: readonly LiveBlock[];
  readonly exporters: readonly ExporterStats[];
}

/** Where a node's state comes from. */
export interface StateModules {
  readonly live: Live;
  readonly version: string;
  readonly exporters: () => readonly ExporterStats[];
}

/** The state now. */
export function nodeState({ live, version, exporters }: StateModules): NodeState {
  const { node, network, startedMs } = live;
  return {
    ...{ version, node, network, startedMs, nowMs: Date.now() },
    ...{ peers: live.peers(), blocks: live.blocks(), exporters: exporters() },
  };
}
