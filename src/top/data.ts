import type { LiveBlock, LivePeer } from '../live/live';
import type { StateAlert } from '../live/node-state';
import type { Verdict } from '../live/verdict';
import type { ExporterStats } from '../metrics/collector';

/** A node whose points are in a store. */
export interface NodeName {
  readonly node: string;
  readonly network: string;
}

/** A node, and how long before the newest point of all nodes its own newest minute was. */
export interface NodeSeen extends NodeName {
  readonly silentMs: number;
}

/** The traffic of one command: total and per second, within the windows. */
export interface Flow {
  readonly messages: number;
  readonly bytes: number;
  readonly messagesPerS: number;
  readonly bytesPerS: number;
}

/** The period that a node's message counts cover, in the form that `query` takes. */
export interface Window extends NodeName {
  readonly since: string;
  readonly until: string;
}

/** Messages by command; commands without messages are left out. */
export interface Rates {
  /** Length of the longest window. */
  readonly seconds: number;
  readonly windows: readonly Window[];
  readonly recv: Readonly<Record<string, Flow>>;
  readonly sent: Readonly<Record<string, Flow>>;
}

/** The relay view; of several nodes, the one with the most transactions. */
export interface MempoolFigures {
  readonly transactions: number;
  readonly bytes: number;
  readonly orphans: number;
  /** Conflicts, and announced transactions that were not requested, within the window. */
  readonly conflicts: number;
  readonly heldBack: number;
}

/** Numbers of peers, over all nodes. */
export interface PeerGauges {
  readonly total: number;
  readonly outbound: number;
  readonly inbound: number;
  readonly banned: number;
  /** Number of known addresses, if the network is joined. */
  readonly known: number | null;
}

/** Number of handshakes with one user agent. */
export interface AgentCount {
  readonly userAgent: string;
  readonly handshakes: number;
}

export interface PeerRow extends LivePeer {
  /**
   * Messages that it sends per second, over the last minute or since it connected; null for a peer of a
   * watched node, which does not count them.
   */
  readonly messagesPerS: number | null;
}

export interface ExporterRow extends ExporterStats {
  readonly node: string;
  /** Points dropped within the window. */
  readonly droppedNow: number;
}

/** The last step of a clock within a day. */
export interface ClockStep {
  readonly node: string;
  /** Time after it, in Unix milliseconds. */
  readonly timeMs: number;
  /** Milliseconds by which the clock was set; negative if it was set back. */
  readonly ms: number;
  /** How often the clock of that node was set within the day. */
  readonly steps: number;
}

/** What the series of a store tell. */
export interface StoreFigures {
  /** Time of the newest point; null in a store without any. */
  readonly newestMs: number | null;
  /** Interval of the points; null if unknown. */
  readonly intervalMs: number | null;
  readonly nodes: readonly NodeSeen[];
  /** When the run started, if there is only one node. */
  readonly startedMs: number | null;
  readonly rates: Rates | null;
  readonly mempool: MempoolFigures | null;
  readonly gauges: PeerGauges | null;
  /** The handshakes of the last hour, the most frequent user agent first. */
  readonly agents: readonly AgentCount[];
  /** Newest first. */
  readonly blocks: readonly LiveBlock[];
  readonly exporters: readonly ExporterRow[];
  /** Null where no clock was set within a day. */
  readonly clockStep: ClockStep | null;
}

/** Everything that a frame shows. */
export interface TopData extends StoreFigures {
  /** The source, as the user named it. */
  readonly source: string;
  /** Unix time in milliseconds of the request. */
  readonly atMs: number;
  /** Version of the running node; null for a store. */
  readonly version: string | null;
  /** How many nodes, or sums of nodes, can be shown one after the other. */
  readonly choices: number;
  /** Of a running node or a watched one; null for other stores. */
  readonly peers: readonly PeerRow[] | null;
  /** The answers to the questions of a user; none for a store. */
  readonly verdicts: readonly Verdict[];
  /** The alerts that the running node sees firing. */
  readonly firing: readonly StateAlert[];
  /** Whether a node answered before, and no longer does. */
  readonly nodeLost: boolean;
  /** Notes about the source for the reader. */
  readonly notes: readonly string[];
}
