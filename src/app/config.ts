import type { SpoolSettings } from '../export/open-exports';
import type { Endpoint } from '../p2p/endpoint';
import type { JoinOptions } from '../p2p/join/prepare';
import type { PolicyName } from '../policy/standardness';
import type { HttpSettings } from '../web/settings';
import type { NetworkName } from '../wire/networks';

/** What the listener is told by its user. */
export interface AppConfig {
  readonly node: string;
  readonly network: NetworkName;
  readonly connect: readonly Endpoint[];
  /** What is wanted of the network beyond these. */
  readonly join?: JoinOptions;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Where points wait on disk for receivers that are away. */
  readonly spools: SpoolSettings;
  /** Folder where the header chain and known addresses are kept; without it they are fetched anew. */
  readonly dataDir?: string;
  /** Folder of the chain's database; without it blocks are checked without the outputs that they spend. */
  readonly chainDir?: string | undefined;
  readonly intervalMs: number;
  /**
   * Age at which points of embedded stores are removed and their sums by minute and hour stay; never without
   * it.
   */
  readonly retentionMs?: number | undefined;
  /** Where the page is served; without it there is none. */
  readonly http?: HttpSettings | undefined;
  readonly policy: PolicyName;
  readonly wtxidRelay: boolean;
  readonly txPerSecond: number;
  readonly maxUserAgents: number;
  /** The most memory in bytes that the transactions of the relay view take. */
  readonly mempoolBytes: number;
}
