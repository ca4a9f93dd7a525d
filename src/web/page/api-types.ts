import type { Panel } from '../../panels/panel';
import type { ResultColumn } from '../../query/result';
import type { Health, LiveBlock, LivePeer, LiveSession, LiveTransaction } from '../../live/live';

/** The server's state and its store. All times in this file are Unix milliseconds. */
export interface Status {
  readonly version: string;
  readonly node: string | null;
  readonly network: string | null;
  /** Null if no node runs and only a store is shown. */
  readonly startedMs: number | null;
  readonly nowMs: number;
  readonly live: boolean;
  /** Whether the store has answered since the start; before that its points are not known. */
  readonly storeAnswers: boolean;
  /** Oldest and newest point of the store; null in an empty one. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly exporters: readonly ExporterStatus[];
}

/** Counts of the points of one exporter. */
export interface ExporterStatus {
  readonly name: string;
  readonly sent: number;
  readonly acked: number;
  readonly dropped: number;
  readonly queued: number;
  readonly retried: number;
  readonly spooled: number;
  readonly damaged: number;
}

/** `GET /api/info`. */
export interface Info extends Status {
  /** Names of the nodes, the watched ones first. */
  readonly nodes: readonly string[];
  readonly networks: readonly string[];
  /** Those of the nodes that are watched. */
  readonly watched: readonly string[];
  /** The node that panels show if none is chosen; '' in an empty store. */
  readonly shows: string;
  /** The network that panels show if none is chosen; '' where the store has none or one. */
  readonly showsNetwork: string;
}

/** A panel without the queries of its lines: only their labels. */
export interface PanelInfo extends Omit<Panel, 'lines'> {
  readonly labels: readonly string[];
  /** The labels of lines that are 0, and not unknown, where a bucket has no points. */
  readonly sums: readonly string[];
}

/** `GET /api/panels`. */
export interface PanelList {
  readonly themes: Readonly<Record<string, string>>;
  readonly panels: readonly PanelInfo[];
}

export type Column = ResultColumn;

/** A value in a row. Integers beyond 2^53 are text. */
export type Cell = string | number | boolean | null;

/** The columns and rows of an answer. */
export interface AnswerRows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly tookMs: number;
}

/** `GET /api/panels/NAME`. */
export interface PanelAnswer extends AnswerRows {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly bucketMs: number | null;
  /** Set if the store only has rollups before a time, and those can't answer this: that time. */
  readonly rawSinceMs: number | null;
  /** The nodes of its lines, one for most panels. */
  readonly nodes: string;
}

/** `GET /api/peer?id=ID`: columns of `peer_sessions` and `session_messages` that are known. */
export type PeerAnswer = LiveSession;

/** `POST /api/query`. */
export interface QueryAnswer extends AnswerRows {
  readonly truncated: boolean;
}

/** Body of `POST /api/query`: a query as on the command line, or a statement in the store's own language. */
export type QueryRequest = { readonly query: QueryFields } | { readonly raw: string };

export interface QueryFields {
  readonly series: string;
  readonly since?: string;
  readonly until?: string;
  readonly where?: string;
  readonly agg?: readonly string[];
  readonly by?: readonly string[];
  readonly every?: string;
  readonly limit?: number;
}

/** `GET /api/series`: what queries can ask for. */
export interface Schema {
  readonly series: readonly SeriesInfo[];
  readonly aggregates: readonly string[];
}

/** A series in the form that the query box needs. */
export interface SeriesInfo {
  readonly name: string;
  readonly help: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly kind: string;
    readonly unit: string;
    readonly help: string;
  }[];
  readonly tags: readonly { readonly name: string; readonly help: string }[];
}

/** A part of a list of peers that is too long for one event. */
export interface PeersPart {
  /** The place of its first peer in the list; 0 begins a new list. */
  readonly from: number;
  /** Length of the whole list. */
  readonly total: number;
  readonly peers: readonly LivePeer[];
}

/** Events of the event stream, by name. */
export interface LiveMessages {
  status: Status;
  peers: readonly LivePeer[];
  peersPart: PeersPart;
  health: Health;
  blocks: readonly LiveBlock[];
  transactions: readonly LiveTransaction[];
  block: LiveBlock;
  transaction: LiveTransaction & { readonly skipped?: number };
}
