import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, UsageError, messageOf } from '../lib/errors';
import type { NodeState } from '../live/node-state';
import type { Asked } from './answers';
import { type QueryScheduler, TooLongError } from './query-scheduler';
import { endAnswers } from './close-server';
import { LIVE_PATH, encodeLive } from './live-answer';
import { kindOf } from './answer-parts';
import { readRequest } from './server-request';
import { checkSocketFolder, socketPath } from './socket-path';
import { type Request, encodeRow } from './socket-protocol';

/** How long the copy of a store may take in milliseconds. */
const COPY_MS = 6 * 3_600_000;

/** Limits of clients' queries. */
export interface ServeOptions {
  /**
   * Milliseconds from a query's turn to the last row, including the wait for a slow reader. Default 60,000.
   */
  readonly timeoutMs?: number;
  /** Most rows of one answer. Default 5,000,000. */
  readonly maxRows?: number;
}

export interface ServeModules {
  readonly scheduler: QueryScheduler;
  /** What is known of this moment, of a node. */
  readonly state?: (() => NodeState) | undefined;
  /** Further answers as JSON, by path. The parameters are those of the path. */
  readonly documents?: ReadonlyMap<string, (params: URLSearchParams) => unknown> | undefined;
}

export interface QueryServer {
  /** Path of the socket. */
  readonly path: string;
  /**
   * Interrupts running queries, here and on other servers of this store, and closes the store and the socket.
   */
  close(): Promise<void>;
}

/**
 * Answers the queries of this user's other processes on the store that this process has open, on a Unix
 * socket next to it. It also answers requests for the state of the node.
 * @throws FailureError if the socket can't be created
 */
export async function serveQueries(
  { scheduler, state, documents }: ServeModules,
  { timeoutMs = 60_000, maxRows = 5_000_000 }: ServeOptions = {},
): Promise<QueryServer> {
  const path = socketPath(scheduler.storePath);
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const answering = answer(request, response).finally(() => running.delete(answering));
    running.add(answering);
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A client that went away is no error of the server.
    response.on('error', () => undefined);
    try {
      const question = await readRequest(request);
      if (question === null) {
        const [name = '', params = ''] = (request.url ?? '').split('?', 2);
        const document = documents?.get(name);
        if (document !== undefined) response.end(JSON.stringify(await document(new URLSearchParams(params))));
        else response.end(name === LIVE_PATH ? encodeLive(state?.()) : '');
        return;
      }
      const left = new AbortController();
      response.once('close', () => left.abort());
      const limitMs = 'copyTo' in question ? COPY_MS : timeoutMs;
      await scheduler.ask({ kind: kindOf(question), timeoutMs: limitMs, left: left.signal }, (asked) =>
        writeAnswer(asked, question, response, maxRows),
      );
    } catch (error) {
      const hint = error instanceof TooLongError ? ', or stop the node and ask the file' : '';
      const line = { error: messageOf(error) + hint, usage: error instanceof UsageError };
      response.end(`${JSON.stringify(line)}\n`);
    }
  };

  await listen(server, path, scheduler.storePath);
  return {
    path,
    close: async () => {
      server.close();
      await scheduler.close();
      await endAnswers(server, running);
    },
  };
}

async function writeAnswer(
  asked: Asked,
  question: Request,
  response: ServerResponse,
  maxRows: number,
): Promise<void> {
  const { columns, rows, rawSince } = await asked.answer(question);
  response.write(`${JSON.stringify({ columns, rawSince: rawSince?.toString() })}\n`);
  let count = 0;
  for await (const batch of rows) {
    count += batch.length;
    if (count > maxRows)
      throw new FailureError(`the answer has more than ${maxRows} rows; ask for less, or use --limit`);
    const lines = batch.map(encodeRow);
    if (!response.write(`${lines.join('\n')}\n`)) await once(response, 'drain', { signal: asked.signal });
  }
  response.end(`${JSON.stringify({ rows: count })}\n`);
}

async function listen(server: Server, path: string, storePath: string): Promise<void> {
  checkSocketFolder(path, storePath, true);
  // Only one process can have the store open, so an existing socket was left behind by a killed node.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) unlinkSync(path);
  server.listen(path);
  try {
    await once(server, 'listening');
    chmodSync(path, 0o600);
  } catch (error) {
    server.close();
    throw new FailureError(`socket ${path}: can't be made: ${diskProblem(error)}`);
  }
}
