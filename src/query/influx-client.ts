import type { IncomingMessage } from 'node:http';
import { FailureError, messageOf } from '../lib/errors';
import { asciiLine } from '../lib/ascii-line';
import { type InfluxAccess, authorizationOf } from '../influx/access';
import { errorIn, explainInflux } from '../influx/explain';
import { HttpClient, readResponse } from '../influx/http-client';
import type { InfluxDatabase } from '../influx/influx-url';
import { parseJson } from './json';
import type { Value } from './result';

/** One table of InfluxDB's answer. With `chunked`, a long table comes in several pieces. */
export interface InfluxSeries {
  readonly name?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values?: readonly (readonly Value[])[];
}

interface InfluxBody {
  readonly error?: string;
  readonly results?: readonly { readonly error?: string; readonly series?: readonly InfluxSeries[] }[];
}

/** Rows in one piece of a long answer; the server's own default. */
const CHUNK_ROWS = 10_000;

/** How long the server may be silent: an aggregate over months of points takes long until its first byte. */
const SILENCE_MS = 120_000;

/**
 * Sends statements to an InfluxDB 1.x and reads the answers as a stream. The transport comes from the
 * `influx` package. Its `queryRaw` is not used, because it reads a whole answer at once and rounds integers
 * beyond 2^53.
 */
export class InfluxClient {
  private readonly client: HttpClient;
  private readonly abort = new AbortController();
  private readonly shown: string;

  constructor(
    private readonly place: InfluxDatabase,
    { ca, login }: InfluxAccess,
  ) {
    const { origin } = place;
    const authorization = authorizationOf(login);
    const headers: Record<string, string> =
      authorization === undefined ? {} : { Authorization: authorization };
    this.client = new HttpClient({ origin, headers, ca, connections: Infinity });
    this.shown = `InfluxDB at ${place.origin}, database ${place.database}`;
  }

  /** Interrupts running requests. */
  close(): void {
    this.abort.abort();
    this.client.close();
  }

  /**
   * The tables of the answer to one statement.
   * @throws FailureError with the server's message, or the reason why it can't be reached
   */
  async *send(statement: string): AsyncGenerator<InfluxSeries> {
    const response = await this.open(statement);
    let rest = '';
    try {
      for await (const chunk of response as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield* this.read(line);
      }
    } catch (error) {
      throw error instanceof FailureError ? error : new FailureError(`${this.shown}: ${messageOf(error)}`);
    } finally {
      response.destroy();
    }
    if (rest !== '') yield* this.read(rest);
  }

  private async open(statement: string): Promise<IncomingMessage> {
    const { database, policy } = this.place;
    const parameters = new URLSearchParams({
      db: database,
      ...(policy === undefined ? {} : { rp: policy }),
      q: statement,
      chunked: 'true',
      chunk_size: String(CHUNK_ROWS),
    });
    const failure = (what: string): FailureError => new FailureError(`${this.shown}: ${what}`);
    const response = await this.client
      .get(`/query?${parameters.toString()}`, this.abort.signal, SILENCE_MS)
      .catch((error: unknown) => {
        throw failure(explainInflux(error));
      });
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    const { text } = await readResponse(response);
    throw failure(errorIn(text) ?? `answers ${statusCode} ${asciiLine(text)}`.trim());
  }

  private *read(line: string): Generator<InfluxSeries> {
    let body: InfluxBody;
    try {
      body = parseJson(line) as InfluxBody;
    } catch {
      throw new FailureError(`${this.shown}: the answer is not InfluxDB's JSON`);
    }
    const error = body.error ?? body.results?.find((result) => result.error !== undefined)?.error;
    if (error !== undefined) throw new FailureError(`${this.shown}: ${error}`);
    for (const { series } of body.results ?? []) yield* series ?? [];
  }
}
