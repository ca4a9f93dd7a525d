import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError, UsageError, messageOf } from '../errors';
import type { NodeState } from '../live/node-state';
import type { Store } from '../store/store';
import { runQuery, runRaw } from './duckdb-run';
import { LIVE_PATH, encodeLive } from './live-answer';
import { parseQuery } from './model';
import type { Result } from './result';
import { readRequest } from './server-request';
import { checkSocketFolder, socketPath } from './socket';
import { Turns } from './turns';
import { type Request, encodeRow } from './wire';

/** What bounds the queries of others, so that they leave the store to its writer. */
export interface ServeOptions {
  /** Milliseconds from the question to the last row, waiting for a slow reader included. Default 60,000. */
  readonly timeoutMs?: number;
  /** Most rows of one answer. Default 5,000,000. */
  readonly maxRows?: number;
}

/** What a server answers from. */
export interface ServeModules {
  /** Asked for at each query, so that an exporter may open its file anew. */
  readonly store: Store;
  /** What is known of this moment, of a node. */
  readonly state?: (() => NodeState) | undefined;
}

/** A server of queries. */
export interface QueryServer {
  /** Where it listens. */
  readonly path: string;
  /** Breaks off what runs and lets go of the store and the socket. */
  close(): Promise<void>;
}

/** Each running query holds one of libuv's four threads; the writer and the file system need theirs. */
const MAX_RUNNING = 2;

/** Queries that may wait for their turn. */
const MAX_WAITING = 30;

/** Rows that are encoded before the node's event loop gets a turn: 5 ms here for the series with the most columns. */
const ROWS_AT_ONCE = 500;

/**
 * Answers the queries of other processes of this user on the store that this one has open, on a Unix socket beside it, and
 * those for the state of the node.
 * @throws FailureError where the socket can't be made
 */
export async function serveQueries(
  modules: ServeModules,
  { timeoutMs = 60_000, maxRows = 5_000_000 }: ServeOptions = {},
): Promise<QueryServer> {
  const { path: storePath } = modules.store;
  const path = socketPath(storePath);
  const turns = new Turns({ running: MAX_RUNNING, waiting: MAX_WAITING });
  const running = new Set<Promise<void>>();
  const closing = new AbortController();
  const server = createServer((request, response) => {
    const answering = answer(request, response).finally(() => running.delete(answering));
    running.add(answering);
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A client that went away is no error of ours.
    response.on('error', () => undefined);
    let release: (() => void) | null = null;
    let takeBack: (() => Promise<void>) | null = null;
    let timeout: AbortSignal | null = null;
    try {
      const question = await readRequest(request);
      if (question === null) {
        response.end(request.url === LIVE_PATH ? encodeLive(modules.state?.()) : '');
        return;
      }
      const left = new AbortController();
      response.once('close', () => left.abort());
      release = await turns.take();
      timeout = AbortSignal.timeout(timeoutMs);
      const limit = AbortSignal.any([closing.signal, left.signal, timeout]);
      const { store } = modules;
      takeBack = await store.lendMemory();
      await runOne(store, question, response, { limit, maxRows });
    } catch (error) {
      const message =
        timeout?.aborted === true
          ? `the query took longer than ${timeoutMs / 1000} s; ask for less, or stop the node and ask the file`
          : messageOf(error);
      response.end(`${JSON.stringify({ error: message, usage: error instanceof UsageError })}\n`);
    } finally {
      await takeBack?.();
      release?.();
    }
  };

  await listen(server, path, storePath);
  return {
    path,
    close: async () => {
      closing.abort(new FailureError('the node is stopping'));
      server.close();
      await Promise.all(running);
      server.closeAllConnections();
    },
  };
}

async function runOne(
  store: Store,
  question: Request,
  response: ServerResponse,
  { limit, maxRows }: { readonly limit: AbortSignal; readonly maxRows: number },
): Promise<void> {
  limit.throwIfAborted();
  const connection = await store.connect();
  let again: NodeJS.Timeout | undefined;
  // DuckDB forgets an interruption that comes between two steps of a query.
  const interrupt = (): void => {
    connection.interrupt();
    again ??= setInterval(() => connection.interrupt(), 100);
  };
  limit.addEventListener('abort', interrupt);
  try {
    // The time may have been up while the connection was made.
    limit.throwIfAborted();
    const { columns, rows, rawSince } = await ask(connection, question);
    response.write(`${JSON.stringify({ columns, rawSince: rawSince?.toString() })}\n`);
    let count = 0;
    for await (const batch of rows) {
      limit.throwIfAborted();
      count += batch.length;
      if (count > maxRows)
        throw new FailureError(`the answer has more than ${maxRows} rows; ask for less, or use --limit`);
      for (let from = 0; from < batch.length; from += ROWS_AT_ONCE) {
        await nextTurn();
        const lines = batch.slice(from, from + ROWS_AT_ONCE).map(encodeRow);
        if (!response.write(`${lines.join('\n')}\n`)) await once(response, 'drain', { signal: limit });
      }
    }
    // To DuckDB an interruption between two chunks can look like the end.
    limit.throwIfAborted();
    response.end(`${JSON.stringify({ rows: count })}\n`);
  } catch (error) {
    // An interrupted statement fails with DuckDB's words; say why it was interrupted instead.
    limit.throwIfAborted();
    throw error;
  } finally {
    limit.removeEventListener('abort', interrupt);
    clearInterval(again);
    connection.closeSync();
  }
}

function ask(connection: DuckDBConnection, question: Request): Promise<Result> {
  if ('raw' in question) return runRaw(connection, question.raw);
  return runQuery(connection, parseQuery(question.query, BigInt(Date.now()) * 1_000_000n));
}

async function listen(server: Server, path: string, storePath: string): Promise<void> {
  checkSocketFolder(path, storePath, true);
  // Whoever holds the store is alone with it, so a socket that lies here is that of a node that was killed.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
  server.listen(path);
  try {
    await once(server, 'listening');
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw new FailureError(`socket ${path}: can't be made: ${messageOf(error)}`);
  }
}
