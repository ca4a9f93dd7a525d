import { asciiLine } from '../lib/ascii-line';
import type { HttpResponse } from '../influx/http-client';

/** The verdict of a server's response on the lines of a write. */
export type WriteVerdict =
  /** All but `refused` points are stored. */
  | { readonly kind: 'stored'; readonly refused: number; readonly reason?: string }
  /**
   * There are too many lines, or some are bad and the response does not say how many. Smaller batches will
   * show which.
   */
  | { readonly kind: 'divide'; readonly reason: string }
  /** The response says nothing about the lines: a later attempt may succeed. */
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
      /** Whether the lines may be the reason all the same, in words that this program does not know. */
      readonly mayBlameLines: boolean;
    };

/** InfluxDB 3 lists this many refused lines at most. */
const MOST_LISTED = 100;

/**
 * Words that blame lines. A 400 for another reason (of a proxy, a missing parameter) is no reason to drop
 * points.
 */
const BLAMES_LINES =
  /partial write|unable to parse|error parsing line|failed to parse line protocol|parsing failed|field type conflict|column type|outside retention policy/i;

/** Statuses about the proxy, the user, the database or the load, never about the lines. */
const NEVER_OF_LINES: ReadonlySet<number> = new Set([401, 403, 404, 407, 408, 429, 502, 503, 504]);

/**
 * Judges a response of `/write` or `/api/v2/write`. InfluxDB 1.x and 3 answer a partial write with 400,
 * InfluxDB 2 with 422 or 500, always with the words `partial write`. 2 and 3 blame lines with a 500 as well.
 * 1.x and 2 end the message with the number of points that they left out, which is 0 where lines could not be
 * parsed; 3 lists the lines. A success has no body, or JSON without an error; HTML comes from a proxy.
 */
export function judgeResponse(response: HttpResponse): WriteVerdict {
  const { status, text, retryAfterMs } = response;
  if (isSuccess(response)) return { kind: 'stored', refused: 0 };
  const { message, listed } = readBody(text);
  const reason = `${status} ${shorten(message)}`.trim();
  if (status === 413) return { kind: 'divide', reason };
  const dropped = Number(/partial write:.* dropped=(\d+)/s.exec(message)?.[1] ?? 0);
  if (dropped > 0) return { kind: 'stored', refused: dropped, reason: shorten(message) };
  const mayBlameLines = status >= 400 && !NEVER_OF_LINES.has(status);
  if (!mayBlameLines || !BLAMES_LINES.test(message))
    return { kind: 'failed', reason, retryAfterMs, mayBlameLines };
  return listed > 0 && listed < MOST_LISTED
    ? { kind: 'stored', refused: listed, reason: shorten(message) }
    : { kind: 'divide', reason: shorten(message) };
}

/** Whether the server says that the request succeeded. */
export function isSuccess(response: HttpResponse): boolean {
  const { status, text } = response;
  return status >= 200 && status < 300 && !/^\s*</.test(text) && !('error' in parseJson(text));
}

/** Status and message of a response, for messages. */
export function reasonOf({ status, text }: HttpResponse): string {
  return `${status} ${shorten(readBody(text).message)}`.trim();
}

/** Whether a response has InfluxDB's form of an error: an object with `error` or `message`. */
export function isInfluxError({ text }: HttpResponse): boolean {
  const body = parseJson(text);
  return 'error' in body || 'message' in body;
}

/** The server's message, and how many lines it lists as refused. */
function readBody(text: string): { readonly message: string; readonly listed: number } {
  const { error, message, data } = parseJson(text);
  const said = typeof error === 'string' ? error : typeof message === 'string' ? message : text;
  if (!Array.isArray(data)) return { message: said, listed: 0 };
  const entries = data as readonly unknown[];
  const [first] = entries.map((entry) => (entry as { error_message?: unknown } | null)?.error_message);
  const lines = new Set(entries.map((entry) => (entry as { line_number?: unknown } | null)?.line_number));
  return { message: typeof first === 'string' ? `${said}: ${first}` : said, listed: lines.size };
}

function parseJson(text: string): {
  readonly error?: unknown;
  readonly message?: unknown;
  readonly data?: unknown;
} {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Removes the lines that the message quotes, because they hold text of peers. */
function shorten(message: string): string {
  return asciiLine(message.replace(/unable to parse '[^]*': /, 'unable to parse: '));
}
