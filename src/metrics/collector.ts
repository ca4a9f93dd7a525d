import type { ChainEvents } from '../chain/chain-events';
import type { ChainTips } from '../chain/chain-tips';
import type { ClockSteps } from '../lib/clock';
import type { Handlers } from '../lib/event-bus';
import type { MempoolEvents } from '../mempool/mempool-events';
import type { MempoolGauges } from '../mempool/relay-view';
import type { WaitingTransactions } from '../mempool/waiting-transactions';
import type { AddressLabels } from '../p2p/join/address-labels';
import type { P2PEvents } from '../p2p/p2p-events';
import type { PolicyName } from '../policy/standardness';
import type { Emit } from './emitter';
import type { SeriesName } from './schema';
import type { PeerAccounts } from './sessions/peer-accounts';

/** All events that a collector can listen to. */
export interface MonitorEvents extends P2PEvents, ChainEvents, MempoolEvents {}

/** Counts of the points of one exporter; see the series `btcdmon`. */
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

/** Counts of `btcdmon-node collect`; see the series `btcdmon`. */
interface CollectedStats {
  readonly received: number;
  readonly refused: number;
  readonly senders: number;
}

/** What collectors are made from. */
export interface CollectorContext {
  readonly emit: Emit;
  readonly policy: PolicyName;
  /** Whether the events are those of a watched node, and not of the listener's own connections. */
  readonly isWatched?: boolean;
  readonly maxUserAgents: number;
  /** Length of an interval in milliseconds. */
  readonly intervalMs: number;
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs: () => number;
  /** Unix time in seconds of what is handled. */
  readonly unixTime: () => number;
  /** Reports when the system's clock is set. Undefined: such steps are not reported. */
  readonly clockSteps?: ClockSteps;
  /** Lines of the log that could not be written. */
  readonly logDropped?: () => number;
  /** Receives what was measured of the event loop in an interval: its delay, and how long it stalled. */
  readonly loopMeasured?: (lagMs: number | undefined, stalledMs: number) => void;
  /** Points emitted so far. */
  readonly emitted: (series: SeriesName) => number;
  readonly exporters: () => readonly ExporterStats[];
  /** Counts of `btcdmon-node collect`; undefined for a listener. */
  readonly collected?: () => CollectedStats;
  /** The number of the autonomous system of an IP address, where a map tells it. */
  readonly asnOf?: ((ip: string) => number | undefined) | undefined;
  /** The series `arrivals` is written, of one in so many transactions; undefined: it is not. */
  readonly arrivalsSample?: number | undefined;
  /** Names for addresses, where the user gave lists of them. */
  readonly labels?: Pick<AddressLabels, 'all' | 'of'> | undefined;
  /** The accounts of the open connections, where others show them as well. */
  readonly accounts?: PeerAccounts;
  /** Number of known addresses, if the network is joined, and of banned ones, where they are known. */
  readonly addresses: () => { readonly known?: number; readonly banned?: number };
  /** The ends of all branches, and a number that grows with their changes; undefined: they are not told. */
  readonly tips?: { readonly changes: () => number; readonly all: () => ChainTips };
  /** The state of the relay view. */
  readonly mempool: () => MempoolGauges;
  /** The transactions of the relay view by their fees; undefined where there is none. */
  readonly waiting?: Pick<WaitingTransactions, 'fees'>;
}

/** Turns events into the points of its series. It keeps only what one interval needs. */
export interface Collector {
  /** Name for the log if it fails. */
  readonly name: string;
  readonly on: Handlers<MonitorEvents>;
  /** Emits the points of the interval that ends now. */
  readonly interval?: () => void;
  /** Emits the accounts of the interval, after every collector has emitted its points of it. */
  readonly account?: () => void;
}

export type CollectorFactory = (context: CollectorContext) => Collector;
