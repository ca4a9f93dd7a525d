import type { Panel } from '../../panels/panel';
import type { ResultColumn } from '../../query/result';
import type { LiveBlock, LivePeer, LiveTransaction } from '../../live/live';

/** What the server says of itself and of what it keeps. Times are Unix milliseconds here and everywhere below. */
export interface Status {
  readonly version: string;
  readonly node: string | null;
  readonly network: string | null;
  /** Null where no node runs, but a store is looked at. */
  readonly startedMs: number | null;
  readonly nowMs: number;
  readonly live: boolean;
  /** Oldest and newest point of the store, null in an empty one. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly exporters: readonly ExporterStatus[];
}

/** What became of the points that one exporter was handed. */
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
  readonly nodes: readonly string[];
  readonly networks: readonly string[];
}

/** A panel as the page needs it: what it is called and how it is drawn, and of its lines their labels. */
export interface PanelInfo extends Omit<Panel, 'lines'> {
  readonly labels: readonly string[];
}

/** `GET /api/panels`. */
export interface PanelList {
  readonly themes: Readonly<Record<string, string>>;
  readonly panels: readonly PanelInfo[];
}

/** A column of an answer. */
export type Column = ResultColumn;

/** A value in a row. Integers beyond 2^53 come as text. */
export type Cell = string | number | boolean | null;

/** An answer's columns and rows. */
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
  /** Where the store has only sums before a time, which can't answer this: that time. */
  readonly rawSinceMs: number | null;
}

/** `POST /api/query`. */
export interface QueryAnswer extends AnswerRows {
  readonly truncated: boolean;
}

/** What `POST /api/query` takes: a query as the command line has it, or a statement of the store's own language. */
export type QueryRequest = { readonly query: QueryFields } | { readonly raw: string };

/** A query as text. */
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

/** A series as the query box needs it. */
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

/** What the event stream sends, by the name of the event. */
export interface LiveMessages {
  status: Status;
  peers: readonly LivePeer[];
  blocks: readonly LiveBlock[];
  transactions: readonly LiveTransaction[];
  block: LiveBlock;
  transaction: LiveTransaction & { readonly skipped?: number };
}
