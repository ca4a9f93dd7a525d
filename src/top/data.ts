import type { LiveBlock, LivePeer } from '../live/live';
import type { ExporterStats } from '../metrics/collector';

/** A node whose points a store holds. */
export interface NodeName {
  readonly node: string;
  readonly network: string;
}

/** A node, and how long before the newest point of all its own newest minute was. */
export interface NodeSeen extends NodeName {
  readonly silentMs: number;
}

/** What passed under one command, within the windows and in each second of them. */
export interface Flow {
  readonly messages: number;
  readonly bytes: number;
  readonly messagesPerS: number;
  readonly bytesPerS: number;
}

/** The time of which the messages of a node are told, as `query` takes it. */
export interface Window extends NodeName {
  readonly since: string;
  readonly until: string;
}

/** Messages by command; commands of which none came are left out. */
export interface Rates {
  /** Length of the longest window. */
  readonly seconds: number;
  readonly windows: readonly Window[];
  readonly recv: Readonly<Record<string, Flow>>;
  readonly sent: Readonly<Record<string, Flow>>;
}

/** The relay view; of several nodes that which holds most. */
export interface MempoolFigures {
  readonly transactions: number;
  readonly bytes: number;
  readonly orphans: number;
  /** Conflicts, and announced transactions that were held back, within the window. */
  readonly conflicts: number;
  readonly heldBack: number;
}

/** Counts of peers, over all nodes. */
export interface PeerGauges {
  readonly total: number;
  readonly outbound: number;
  readonly inbound: number;
  readonly banned: number;
  /** Addresses that are known, where the network is joined. */
  readonly known: number | null;
}

/** Handshakes with peers of one user agent. */
export interface AgentCount {
  readonly userAgent: string;
  readonly handshakes: number;
}

/** A connected peer. */
export interface PeerRow extends LivePeer {
  /** Messages that it sends a second: over the last minute, or since its start. */
  readonly messagesPerS: number;
}

/** An exporter of a node. */
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
  /** By how many milliseconds the clock was set, back where negative. */
  readonly ms: number;
  /** How often the clock of that node was set within the day. */
  readonly steps: number;
}

/** What the series of a store tell. */
export interface StoreFigures {
  /** Time of the newest point; null in a store without any. */
  readonly newestMs: number | null;
  /** How often points come, where that can be told. */
  readonly intervalMs: number | null;
  readonly nodes: readonly NodeSeen[];
  /** When the run started, where it is that of one node. */
  readonly startedMs: number | null;
  readonly rates: Rates | null;
  readonly mempool: MempoolFigures | null;
  readonly gauges: PeerGauges | null;
  /** The handshakes of the last hour, the most frequent first. */
  readonly agents: readonly AgentCount[];
  /** The newest first. */
  readonly blocks: readonly LiveBlock[];
  readonly exporters: readonly ExporterRow[];
  /** Null where no clock was set within a day. */
  readonly clockStep: ClockStep | null;
}

/** All that a frame shows. */
export interface TopData extends StoreFigures {
  /** Where it comes from, as the user named it. */
  readonly source: string;
  /** Unix time in milliseconds at which it was asked for. */
  readonly atMs: number;
  /** Version of the program that runs as the node; null for a store that is looked into. */
  readonly version: string | null;
  /** Null where there is no running node to tell of them. */
  readonly peers: readonly PeerRow[] | null;
  /** Whether a node told of them before, and no longer does. */
  readonly nodeLost: boolean;
  /** What the reader should know of the source. */
  readonly notes: readonly string[];
}
