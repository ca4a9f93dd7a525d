import { once } from 'node:events';
import { FailureError } from '../lib/errors';
import { type Format, formatResult } from '../query/format';
import type { Result, Row } from '../query/result';
import { encodeRows, msOf } from './encode';
import type { Exchange } from './exchange';
import { HttpError } from './http-error';
import { type AnswerMemory, MAX_BYTES, MAX_DOWNLOAD_ROWS, MAX_ROWS } from './limits';
import { send } from './reply';

/** An answer as a JSON object, with the fields that `more` adds once all rows are read. */
export async function gatherJson(
  { columns, rows, rawSince }: Result,
  more: () => Readonly<Record<string, number | string | null>>,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let count = 0;
  let bytes = 0;
  let truncated = false;
  for await (const batch of rows) {
    const taken = batch.slice(0, MAX_ROWS - count);
    // Each piece becomes bytes at once. Converting the whole text at the end would block the event loop for
    // as long.
    const piece = Buffer.from(`${count === 0 ? '' : ','}${encodeRows(columns, taken)}`);
    truncated = taken.length < batch.length || bytes + piece.length > MAX_BYTES;
    if (taken.length > 0 && bytes + piece.length <= MAX_BYTES) {
      pieces.push(piece);
      count += taken.length;
      bytes += piece.length;
    }
    if (truncated) break;
  }
  const rawSinceMs = rawSince === undefined ? null : msOf(rawSince);
  const rest = JSON.stringify({ columns, truncated, rawSinceMs, ...more() }).slice(1);
  return Buffer.concat([Buffer.from('{"rows":['), ...pieces, Buffer.from(`],${rest}`)]);
}

/** Sends a gathered answer. It counts as held until the client has taken it. */
export async function sendGathered(
  { request, response, left }: Exchange,
  body: Buffer,
  held: AnswerMemory,
): Promise<void> {
  // Nothing would release the memory held for a client that has already gone.
  left.throwIfAborted();
  left.addEventListener('abort', held.take(body.length), { once: true });
  await send(request, response, { type: 'application/json', body });
}

/** The formats of a download. */
export type CsvFormat = Extract<Format, 'csv' | 'csv-raw'>;

/**
 * The format that a request asks for.
 * @throws HttpError 400 for an unknown format
 */
export function readFormat(format: unknown): CsvFormat | 'json' {
  if (format === 'json' || format === 'csv' || format === 'csv-raw') return format;
  throw new HttpError(400, 'format: use json, csv or csv-raw');
}

/**
 * Sends an answer as CSV, as fast as the client takes it. If it can't be completed, the connection ends
 * without the last chunk, so that the client notices that something is missing.
 */
export async function sendCsv(
  { response }: Exchange,
  result: Result,
  {
    name,
    format,
    signal,
  }: { readonly name: string; readonly format: CsvFormat; readonly signal: AbortSignal },
): Promise<void> {
  const pieces = formatResult({ ...result, rows: atMost(MAX_DOWNLOAD_ROWS, result) }, format);
  // The names of the columns come before the first row, or before its error.
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
