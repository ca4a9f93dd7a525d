import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The query part of the URL. */
  readonly params: URLSearchParams;
  /**
   * Aborted when the client has the answer or has gone. The answer's own `close` event does not always come.
   */
  readonly left: AbortSignal;
}

/** Answers a request. The router answers with the error that it throws. */
export type Handler = (exchange: Exchange) => Promise<void> | void;

/** One path of the server. */
export interface Route {
  /** Handlers by method; GET also serves HEAD. */
  readonly GET?: Handler;
  readonly POST?: Handler;
  /**
   * Who may request it. `all`: everybody; `page`: with a session, others are redirected to the login; `api`:
   * with a session or token, and not from a page of another site.
   */
  readonly access: 'all' | 'page' | 'api';
}
