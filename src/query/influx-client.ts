import type { IncomingMessage } from 'node:http';
import { Pool } from 'influx/lib/src/pool';
import { FailureError, messageOf } from '../errors';
import type { InfluxTarget } from './influx-url';
import { parseJson } from './json';
import type { Value } from './result';

/** One table of InfluxDB's answer. With `chunked` a long one comes in several pieces. */
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

/** Rows of one piece of a long answer; the server's own default. */
const CHUNK_ROWS = 10_000;

/** How long the server may be silent: an aggregate over months of points takes long before its first byte. */
const SILENCE_MS = 120_000;

/**
 * Sends statements to an InfluxDB 1.x and reads the answers as they come. The transport is the `influx` package's; its
 * `queryRaw` takes an answer as a whole and rounds integers beyond 2^53.
 */
export class InfluxClient {
  private readonly pool = new Pool({ maxRetries: 0, requestTimeout: SILENCE_MS });
  private readonly abort = new AbortController();
  private readonly shown: string;

  constructor(
    private readonly target: InfluxTarget,
    private readonly password: string | undefined,
  ) {
    this.pool.addHost(target.origin);
    this.shown = `InfluxDB at ${target.origin}, database ${target.database}`;
  }

  /** Breaks off what runs. */
  close(): void {
    this.abort.abort();
  }

  /**
   * The tables of the answer to one statement.
   * @throws FailureError with the server's words, or why it can't be reached
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
    const { user, database } = this.target;
    return new Promise((resolve, reject) => {
      this.pool.stream(
        {
          method: 'GET',
          path: '/query',
          query: { db: database, q: statement, chunked: 'true', chunk_size: CHUNK_ROWS },
          signal: this.abort.signal,
          ...(user === null ? {} : { auth: `${user}:${this.password ?? ''}` }),
        },
        (error: Error | null | undefined, response) => {
          if (!error) resolve(response);
          else reject(new FailureError(`${this.shown}: ${explain(error)}`));
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

/** One line for a failed request; the server's own words where it has some. */
function explain(error: Error): string {
  const body = /error occurred: (.*)/s.exec(error.message)?.[1] ?? '';
  const said = /"error":("(?:[^"\\]|\\.)*")/.exec(body)?.[1];
  if (said !== undefined) return JSON.parse(said) as string;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there; is InfluxDB running?';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return (error.message.split('\n')[0] ?? '') || (code ?? 'the request failed');
}
