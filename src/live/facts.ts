import type { FeeBands } from '../mempool/fee-bands';
import type { DialState } from '../p2p/dial-state';
import type { NetworkName } from '../wire/networks';
import type { LivePeer } from './live';

/** What became of an exporter's points. */
export interface Delivery {
  readonly name: string;
  /** Points that were given up, and points on disk that were damaged, since the start. */
  readonly lost: number;
  /** When the last of them were lost, Unix milliseconds; null if none was. */
  readonly lostMs: number | null;
  /** Milliseconds since a point was last delivered, if points wait; null if none waits. */
  readonly stuckForMs: number | null;
}

/** The event loop of the last minutes. */
export interface LoopFacts {
  /** How late it was in the last interval, in milliseconds. */
  readonly lagMs: number;
  /** The least of these of `LIMITS.lagForMs`; null before the node has run for so long. */
  readonly leastLagMs: number | null;
  /** How long it stalled in total within `LIMITS.stalledForMs`. */
  readonly stalledMs: number;
}

/** Means of the last ten minutes and of a time before; null where the node did not run for so long. */
export interface Change {
  readonly lately: number;
  readonly before: number | null;
}

/** Everything that the rules judge by. All times are Unix milliseconds. */
export interface Facts {
  readonly network: NetworkName;
  readonly nowMs: number;
  readonly startedMs: number;
  /** Height of the best header. */
  readonly height: number;
  /** When the best chain last grew: when the block came, or the time in its header if it came earlier. */
  readonly grewMs: number;
  readonly peers: readonly LivePeer[];
  /** The configured peers. */
  readonly dials: readonly DialState[];
  /** Peers, compared with an hour ago. */
  readonly peerChange: Change;
  /** The deepest reorganisation within `LIMITS.reorgMs`; 0 for none. */
  readonly reorgDepth: number;
  readonly mempool: FeeBands;
  /** Transactions of the mempool, compared with the three hours before. */
  readonly mempoolChange: Change;
  readonly deliveries: readonly Delivery[];
  readonly loop: LoopFacts;
}
