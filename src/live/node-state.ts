import type { ExporterStats } from '../metrics/collector';
import type { Live, LiveBlock, LivePeer } from './live';
import type { Verdict } from './verdict';

/** An alert that fires. */
export interface StateAlert {
  readonly title: string;
  readonly severity: 'critical' | 'warning';
  /** Unix milliseconds. */
  readonly firingMs: number;
  /** What is wrong with which node, and what was measured, in one line. */
  readonly reason: string;
  /** Whether its receivers are not told (`--silence`). */
  readonly isSilenced: boolean;
}

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
  /** The answers to its user's questions. A node of an older version leaves them out, like the alerts. */
  readonly verdicts?: readonly Verdict[];
  readonly alerts?: readonly StateAlert[];
}

export interface StateModules {
  readonly live: Live;
  readonly version: string;
  readonly exporters: () => readonly ExporterStats[];
  /** The alerts that fire. */
  readonly alerts: () => readonly StateAlert[];
}

/** The current state. */
export function nodeState({ live, version, exporters, alerts }: StateModules): NodeState {
  const { node, network, startedMs } = live;
  return {
    ...{ version, node, network, startedMs, nowMs: Date.now() },
    ...{ peers: live.peers(), blocks: live.blocks(), exporters: exporters() },
    ...{ verdicts: live.health().verdicts, alerts: alerts() },
  };
}
