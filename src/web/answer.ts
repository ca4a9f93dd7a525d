import { once } from 'node:events';
import { FailureError } from '../errors';
import { formatResult } from '../query/format';
import type { Result, Row } from '../query/result';
import { encodeRows, msOf } from './encode';
import type { Exchange } from './exchange';
import { type Held, MAX_CHARACTERS, MAX_DOWNLOAD_ROWS, MAX_ROWS } from './limits';
import { send } from './reply';

/** An answer as JSON but for its last brace: what else there is to say comes behind. */
export async function gatherJson({ columns, rows, rawSince }: Result): Promise<string> {
  const pieces: string[] = [];
  let count = 0;
  let characters = 0;
  let truncated = false;
  for await (const batch of rows) {
    const taken = batch.slice(0, MAX_ROWS - count);
    const piece = encodeRows(columns, taken);
    count += taken.length;
    characters += piece.length;
    truncated = taken.length < batch.length || characters > MAX_CHARACTERS;
    if (characters <= MAX_CHARACTERS && piece !== '') pieces.push(piece);
    if (truncated) break;
  }
  const rawSinceMs = rawSince === undefined ? null : msOf(rawSince);
  const head = JSON.stringify({ columns, truncated, rawSinceMs }).slice(0, -1);
  return `${head},"rows":[${pieces.join(',')}]`;
}

/** Sends an answer that was gathered, with what else there is to say of it. */
export async function sendGathered(
  { request, response }: Exchange,
  gathered: string,
  more: Readonly<Record<string, number | null>>,
  held: Held,
): Promise<void> {
  const body = Buffer.from(`${gathered},${JSON.stringify(more).slice(1)}`);
  response.once('close', held.take(body.length));
  await send(request, response, { type: 'application/json', body });
}

/**
 * Sends an answer as CSV, as fast as the client takes it. Where it can't be completed the connection ends without the last chunk, by
 * which a client sees that something is missing.
 */
export async function sendCsv(
  { response }: Exchange,
  result: Result,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<void> {
  const pieces = formatResult({ ...result, rows: atMost(MAX_DOWNLOAD_ROWS, result) }, 'csv');
  // The names of the columns come before the first row does, or its error.
  let waiting = (await pieces.next()).value as string;
  let open = false;
  for await (const piece of pieces) {
    if (!open) begin(response, name);
    open = true;
    if (!response.write(waiting)) await once(response, 'drain', { signal });
    waiting = piece;
  }
  if (!open) begin(response, name);
  response.end(waiting);
}

function begin(response: Exchange['response'], name: string): void {
  response.writeHead(200, {
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': `attachment; filename="${name}.csv"`,
  });
}

async function* atMost(most: number, { rows }: Result): AsyncGenerator<readonly Row[]> {
  let count = 0;
  for await (const batch of rows) {
    count += batch.length;
    if (count > most) throw new FailureError(`the answer has more than ${most} rows; ask for less`);
    yield batch;
  }
}
