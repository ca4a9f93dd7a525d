import type { SpoolSettings } from '../export/open-exports';
import type { AsMap } from '../p2p/asmap/asmap';
import type { Endpoint } from '../p2p/endpoint';
import type { JoinOptions } from '../p2p/join/prepare-join';
import type { AddressLabels } from '../p2p/join/address-labels';
import type { TransportMode } from '../p2p/transport/choice';
import type { PolicyName } from '../policy/standardness';
import type { HttpSettings } from '../web/settings';
import type { WhyLimits } from '../why/why-record';
import type { NetworkName } from '../wire/networks';
import type { AlertSettings } from './alerting';
import type { TorSettings } from './onion';
import type { RecordSettings } from './recording';
import type { RouteSettings } from './routes';
import type { WatchConfig } from './watching';

/** The settings of the listener. */
export interface AppConfig extends Partial<WatchConfig> {
  readonly node: string;
  readonly network: NetworkName;
  readonly connect: readonly Endpoint[];
  /** The routes to peers; default: direct. */
  readonly routes?: RouteSettings;
  /** How to ask Tor for our onion service; without it there is none. */
  readonly tor?: TorSettings | undefined;
  /** How to find further peers, and who may connect; without it there are only the named peers. */
  readonly join?: JoinOptions;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Folder and size of the spools, where points wait on disk for receivers that are away. */
  readonly spools: SpoolSettings;
  /**
   * Folder where the header chain and known addresses are kept; without it they are fetched at each start.
   */
  readonly dataDir?: string;
  /** Folder of the chain's database; without it blocks are checked without the outputs that they spend. */
  readonly chainDir?: string | undefined;
  /** Folder and limits of a recording; without it nothing is recorded. */
  readonly record?: RecordSettings | undefined;
  readonly intervalMs: number;
  /**
   * Age at which embedded stores remove a point and keep the rollups of its minute and hour. Without it
   * points stay forever.
   */
  readonly retentionMs?: number | undefined;
  /** Where the page is served; without it there is no page. */
  readonly http?: HttpSettings | undefined;
  /** Receivers of alerts; without it there are none. */
  readonly alerts?: AlertSettings | undefined;
  /** Limits of the record that `why` asks; without it there is no record. */
  readonly why?: WhyLimits | undefined;
  readonly policy: PolicyName;
  readonly wtxidRelay: boolean;
  /** The transports that are used; default: v1 alone. */
  readonly transport?: TransportMode;
  readonly txPerSecond: number;
  /** The operator's contact in the user agent; default: none. */
  readonly contact?: string | undefined;
  readonly maxUserAgents: number;
  /** The map of autonomous systems; without it no point has one. */
  readonly asMap?: AsMap | undefined;
  /** `arrivals` has one of so many transactions; without it the series is not written. */
  readonly arrivalsSample?: number | undefined;
  /** Names for addresses; without them no peer has one. */
  readonly labels?: AddressLabels | undefined;
  /** The limit of memory, in bytes, for the transactions of the relay view. */
  readonly mempoolBytes: number;
}
