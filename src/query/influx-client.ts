import type { IncomingMessage } from 'node:http';
import { Pool } from 'influx/lib/src/pool';
import { FailureError, messageOf } from '../lib/errors';
import type { InfluxAccess } from '../influx/access';
import type { InfluxDatabase } from '../influx/influx-url';
import { explainInflux } from '../influx/explain';
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
  private readonly pool = new Pool({ maxRetries: 0, requestTimeout: SILENCE_MS });
  private readonly abort = new AbortController();
  private readonly shown: string;

  constructor(
    private readonly place: InfluxDatabase,
    private readonly access: InfluxAccess,
  ) {
    const { ca } = access;
    this.pool.addHost(place.origin, ca === undefined ? {} : { ca });
    this.shown = `InfluxDB at ${place.origin}, database ${place.database}`;
  }

  /** Interrupts running requests. */
  close(): void {
    this.abort.abort();
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

  private open(statement: string): Promise<IncomingMessage> {
    const { database, policy } = this.place;
    const { login } = this.access;
    return new Promise((resolve, reject) => {
      this.pool.stream(
        {
          method: 'GET',
          path: '/query',
          query: {
            db: database,
            ...(policy === undefined ? {} : { rp: policy }),
            q: statement,
            chunked: 'true',
            chunk_size: CHUNK_ROWS,
          },
          signal: this.abort.signal,
          ...(login === undefined ? {} : { auth: `${login.user}:${login.password}` }),
        },
        (error: Error | null | undefined, response) => {
          if (!error) resolve(response);
          else reject(new FailureError(`${this.shown}: ${explainInflux(error)}`));
        },
      );
    });
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
