import type { IncomingMessage } from 'node:http';
import { UsageError } from '../lib/errors';
import type { QueryArgs } from './model';
import type { Request } from './socket-protocol';

const MAX_REQUEST_LENGTH = 1_000_000;

/**
 * The request of a client; null if it only checks whether a node is running.
 * @throws UsageError for a body that is not a request
 */
export async function readRequest(request: IncomingMessage): Promise<Request | null> {
  let body = '';
  let length = 0;
  request.setEncoding('utf8');
  for await (const chunk of request as AsyncIterable<string>) {
    length += chunk.length;
    // The body is read to its end nevertheless: a client whose request is cut off never sees the error.
    if (length <= MAX_REQUEST_LENGTH) body += chunk;
  }
  if (length > MAX_REQUEST_LENGTH) throw new UsageError('the query is longer than a million characters');
  if (request.method !== 'POST') return null;
  let question: unknown;
  try {
    question = JSON.parse(body);
  } catch {
    throw new UsageError('the request is not JSON');
  }
  // Only here, because visitors of the page may not write files.
  if (isRecord(question) && typeof question['copyTo'] === 'string') return { copyTo: question['copyTo'] };
  return readQuestion(question);
}

/**
 * Converts a JSON value to a request.
 * @throws UsageError if it is not one
 */
export function readQuestion(value: unknown): Request {
  if (isRecord(value) && typeof value['raw'] === 'string') return { raw: value['raw'] };
  if (isRecord(value) && isQueryArgs(value['query'])) return { query: value['query'] };
  throw new UsageError('the request must have a query or a raw statement');
}

/** Only checks the shape; `parseQuery` checks the texts. */
function isQueryArgs(value: unknown): value is QueryArgs {
  if (!isRecord(value)) return false;
  const texts = ['since', 'until', 'where', 'every'].every(
    (name) => value[name] === undefined || typeof value[name] === 'string',
  );
  const lists = ['agg', 'by'].every((name) => {
    const list = value[name];
    return list === undefined || (Array.isArray(list) && list.every((item) => typeof item === 'string'));
  });
  const limit = value['limit'] === undefined || ['string', 'number'].includes(typeof value['limit']);
  return typeof value['series'] === 'string' && texts && lists && limit;
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
