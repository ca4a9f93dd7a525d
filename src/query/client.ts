import { type IncomingMessage, request } from 'node:http';
import { readProblem } from '../lib/disk-errors';
import { FailureError, UsageError, messageOf } from '../lib/errors';
import { type LiveAnswer, LIVE_PATH, decodeLive } from './live-answer';
import { formatQuery } from './model';
import { type Result, type ResultColumn, type Row, allRows } from './result';
import { checkSocketFolder, socketPath } from './socket-path';
import type { Source } from './source';
import { type ProtocolLine, type Request, decodeError, decodeRow } from './socket-protocol';

/** How long a node may take to answer at all. */
const ANSWER_MS = 10_000;

/**
 * Connects to the node that has the store open. Null if no node answers: its socket is missing, or a killed
 * node left it behind.
 * @throws FailureError if the socket exists but can't be used
 */
export async function connectClient(storePath: string): Promise<Source | null> {
  if ((await get(storePath, '/')) === null) return null;
  const socket = socketPath(storePath);
  const abort = new AbortController();
  const ask = (question: Request): Promise<Result> => answer(socket, question, abort.signal);
  return {
    run: (query) => ask({ query: formatQuery(query) }),
    raw: (statement) => ask({ raw: statement }),
    close: () => {
      abort.abort();
      return Promise.resolve();
    },
  };
}

/**
 * Has the node that has the store open copy it to a new file, which this user's processes can write. False if
 * no node answers.
 * @throws FailureError if it can't, or is of a version that makes no copies
 */
export async function askCopy(storePath: string, target: string): Promise<boolean> {
  if ((await get(storePath, '/')) === null) return false;
  try {
    const signal = new AbortController().signal;
    await allRows(await answer(socketPath(storePath), { copyTo: target }, signal));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new FailureError(
      `store ${storePath}: the node that has it open is of a version that makes no copies; upgrade it, or stop it first`,
    );
  }
  return true;
}

/**
 * The state of the node that has the store open; null if no node answers.
 * @throws FailureError if the socket exists but can't be used
 */
export async function askLive(storePath: string): Promise<LiveAnswer | null> {
  const body = await get(storePath, LIVE_PATH);
  return body === null ? null : decodeLive(body);
}

/**
 * Asks the node that has the store open for another path, by GET. Null if no node answers, '' if it does not
 * know the path.
 * @throws FailureError if the socket exists but can't be used
 */
export function askDocument(storePath: string, path: string): Promise<string | null> {
  return get(storePath, path);
}

/** The answer to a GET; null if nobody answers. */
async function get(storePath: string, path: string): Promise<string | null> {
  const socket = socketPath(storePath);
  checkSocketFolder(socket, storePath, false);
  try {
    const response = await send(socket, 'GET', path, '', AbortSignal.timeout(ANSWER_MS));
    let body = '';
    response.setEncoding('utf8');
    for await (const chunk of response as AsyncIterable<string>) body += chunk;
    return body;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return null;
    if (code === 'EACCES')
      throw new FailureError(
        `socket ${socket}: the node that has the store open belongs to another user; ask as that user`,
      );
    if (code === 'ABORT_ERR' || error instanceof DOMException)
      throw new FailureError(
        `socket ${socket}: the node that has the store open does not answer within ${ANSWER_MS / 1000} s`,
      );
    throw new FailureError(`socket ${socket}: ${readProblem(error)}`);
  }
}

async function answer(socket: string, question: Request, signal: AbortSignal): Promise<Result> {
  let lines: AsyncGenerator<ProtocolLine>;
  let first: IteratorResult<ProtocolLine>;
  try {
    lines = readLines(await send(socket, 'POST', '/query', JSON.stringify(question), signal));
    first = await lines.next();
  } catch (error) {
    throw broken(error);
  }
  if (first.done === true) throw broken(new Error('no answer'));
  if ('error' in first.value) throw decodeError(first.value);
  if (!('columns' in first.value)) throw broken(new Error('an answer without columns'));
  const { columns, rawSince } = first.value;
  return {
    columns,
    rawSince: rawSince === undefined ? undefined : BigInt(rawSince),
    rows: rowsOf(columns, lines),
  };
}

async function* rowsOf(
  columns: readonly ResultColumn[],
  lines: AsyncGenerator<ProtocolLine>,
): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = [];
  try {
    for await (const line of lines) {
      if (Array.isArray(line)) {
        batch.push(decodeRow(columns, line as readonly unknown[]));
        if (batch.length < 1000) continue;
        yield batch;
        batch = [];
      } else if ('error' in line) throw decodeError(line);
      else if ('rows' in line) {
        if (batch.length > 0) yield batch;
        return;
      }
    }
  } catch (error) {
    throw broken(error);
  }
  throw broken(new Error('the answer is incomplete'));
}

async function* readLines(response: IncomingMessage): AsyncGenerator<ProtocolLine> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as ProtocolLine;
  }
}

/** Errors of the query are passed on. Errors of the connection mean that the node went away. */
function broken(error: unknown): Error {
  if (error instanceof Error && 'exitCode' in error) return error;
  return new FailureError(`the node that has the store open interrupted the query: ${messageOf(error)}`);
}

function send(
  socketPathname: string,
  method: string,
  path: string,
  body = '',
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath: socketPathname, method, path, agent: false, ...(signal === undefined ? {} : { signal }) },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
