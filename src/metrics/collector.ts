import type { ChainEvents } from '../chain/chain-events';
import type { ClockSteps } from '../lib/clock';
import type { Handlers } from '../lib/event-bus';
import type { MempoolEvents } from '../mempool/mempool-events';
import type { MempoolGauges } from '../mempool/relay-view';
import type { P2PEvents } from '../p2p/events';
import type { Block } from '../wire/block';
import type { PolicyName } from '../policy/standardness';
import type { Emit } from './emitter';
import type { SeriesName } from './schema';

/** Everything that a collector may listen to. */
export interface MonitorEvents extends P2PEvents, ChainEvents, MempoolEvents {}

/** What became of the points of one exporter; see the series `btcdmon`. */
export interface ExporterStats {
  readonly name: string;
  readonly sent: number;
  readonly acked: number;
  readonly dropped: number;
  readonly queued: number;
  readonly retried: number;
  readonly spooled?: number;
  readonly damaged?: number;
}

/** What `btcdmon-node collect` took; see the series `btcdmon`. */
interface CollectedStats {
  readonly received: number;
  readonly refused: number;
  readonly senders: number;
}

/** What collectors are made from. */
export interface CollectorContext {
  readonly emit: Emit;
  readonly policy: PolicyName;
  readonly maxUserAgents: number;
  /** Length of an interval in milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds on a clock that never steps. */
  readonly monotonicMs: () => number;
  /** Tells when the system's clock is set; without it nobody is told. */
  readonly clockSteps?: ClockSteps;
  /** Lines of the log that could not be written. */
  readonly logDropped?: () => number;
  /** Points emitted so far. */
  readonly emitted: (series: SeriesName) => number;
  readonly exporters: () => readonly ExporterStats[];
  /** What a collector of other nodes' points took; a node has none. */
  readonly collected?: () => CollectedStats;
  /** Transactions of a block that were never relayed to us before it. */
  readonly unseen: (block: Block) => number;
  /** Addresses that are known, where the network is joined, and that are banned. */
  readonly addresses: () => { readonly known?: number; readonly banned: number };
  /** The state of the relay view. */
  readonly mempool: () => MempoolGauges;
}

/** Turns events into the points of its series. It keeps what one interval needs and nothing else. */
export interface Collector {
  /** Name for the log when it fails. */
  readonly name: string;
  readonly on: Handlers<MonitorEvents>;
  /** Emits the points of the interval that ends now. */
  readonly interval?: () => void;
  /** Emits the accounts of the interval, after every collector has emitted its points of it. */
  readonly account?: () => void;
}

/** Makes a collector. */
export type CollectorFactory = (context: CollectorContext) => Collector;
