import { messageOf } from '../lib/errors';
import { asciiLine } from '../lib/ascii-line';
import { tlsProblem } from '../lib/tls-problem';

/** The server's message in a response; undefined where the response is not JSON with an `error`. */
export function errorIn(text: string): string | undefined {
  try {
    const { error } = (JSON.parse(text) ?? {}) as { readonly error?: unknown };
    return typeof error === 'string' ? asciiLine(error) : undefined;
  } catch {
    return undefined;
  }
}

/** One line for a failed request to an InfluxDB: the server's message, if it sent one. */
export function explainInflux(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  // The package puts the server's response at the end of the message.
  const said = errorIn(message.slice(Math.max(0, message.indexOf('{'))));
  if (said !== undefined) return said;
  // If a name has several addresses, the code is that of one of them.
  if (Array.isArray((error as { readonly errors?: unknown }).errors))
    return `none of its addresses answers: ${messageOf(error)}; is InfluxDB running?`;
  if (code === 'ECONNREFUSED') return 'nobody listens there; is InfluxDB running?';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return tlsProblem(error) ?? ((message.split('\n')[0] ?? '') || (code ?? 'the request failed'));
}
