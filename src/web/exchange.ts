import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands in the URL behind the question mark. */
  readonly params: URLSearchParams;
  /** Aborted when the client has the answer or has gone; an answer's own `close` may not come. */
  readonly left: AbortSignal;
}

/** Answers a request. What it throws is answered by the router. */
export type Handler = (exchange: Exchange) => Promise<void> | void;

/** One path of the server. */
export interface Route {
  /** By method; who serves GET serves HEAD. */
  readonly GET?: Handler;
  readonly POST?: Handler;
  /**
   * Who may come: `all`; `page`: with a session, else it leads to where one begins; `api`: with a session or token, and from no page of
   * another site.
   */
  readonly access: 'all' | 'page' | 'api';
}
