import type { ExporterStats } from '../metrics/collector';
import type { Live, LiveBlock, LivePeer } from './live';

/** The current state that a running node sends to other processes of its user. */
export interface NodeState {
  /** Version of the program. */
  readonly version: string;
  readonly node: string;
  readonly network: string;
  /** Unix times in milliseconds. */
  readonly startedMs: number;
  readonly nowMs: number;
  readonly peers: readonly LivePeer[];
  /** Newest first. */
  readonly blocks: readonly LiveBlock[];
  readonly exporters: readonly ExporterStats[];
}

export interface StateModules {
  readonly live: Live;
  readonly version: string;
  readonly exporters: () => readonly ExporterStats[];
}

/** The current state. */
export function nodeState({ live, version, exporters }: StateModules): NodeState {
  const { node, network, startedMs } = live;
  return {
    ...{ version, node, network, startedMs, nowMs: Date.now() },
    ...{ peers: live.peers(), blocks: live.blocks(), exporters: exporters() },
  };
}
