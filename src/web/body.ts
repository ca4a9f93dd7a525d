import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error';

/**
 * The text of a request's body, which must have one of these types.
 * @throws HttpError 415, 413
 */
export async function readBody(
  request: IncomingMessage,
  { types, maxBytes }: { readonly types: readonly string[]; readonly maxBytes: number },
): Promise<{ readonly type: string; readonly text: string }> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type) || request.headers['content-encoding'] !== undefined)
    throw new HttpError(415, `send ${types.join(' or ')}, not compressed`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Node reads and drops the rest of the body, because a client that is cut off never sees the error.
    if (length > maxBytes) throw new HttpError(413, `the request has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return { type, text: Buffer.concat(chunks).toString('utf8') };
}
