import { messageOf } from '../lib/errors';
import { printable } from '../lib/printable';
import { tlsProblem } from './tls';

/** One line for a failed request of the `influx` package, with the server's own message if there is one. */
export function explainInflux(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const body = /error occurred: (.*)/s.exec(message)?.[1] ?? '';
  const said = /"error":("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  if (said !== undefined) return printable(JSON.parse(said) as string);
  // An AggregateError: the name has several addresses, and the code is that of one of them.
  if (Array.isArray((error as { readonly errors?: unknown }).errors))
    return `none of its addresses answers: ${messageOf(error)}; is InfluxDB running?`;
  if (code === 'ECONNREFUSED') return 'nobody listens there; is InfluxDB running?';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return tlsProblem(error) ?? ((message.split('\n')[0] ?? '') || (code ?? 'the request failed'));
}
