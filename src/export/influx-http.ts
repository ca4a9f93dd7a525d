import { promisify } from 'node:util';
import { type InputType, type ZlibOptions, gzip } from 'node:zlib';
import { FailureError, messageOf } from '../lib/errors';
import { type WriteResult, combined, confirmed } from '../metrics/write-result';
import { type HttpResponse, HttpClient } from '../influx/http-client';
import { tlsProblem } from '../lib/tls-problem';
import { RetryLater } from '../lib/backoff';
import { isInfluxError, isSuccess, judgeResponse, reasonOf } from './influx-response';
import type { LineBatch, LineExporter } from './line-exporter';
import { type LineChunk, BatchBisector, halves } from './batch-bisector';
import { offsetOfLine, seriesOfLine } from './split-lines';

const compress = promisify<InputType, ZlibOptions, Buffer>(gzip);

/**
 * zlib's fastest level. It compresses 5,000 mixed points to a sixth of their bytes in 2.6 ms; level 6 takes
 * twice the time and saves 8 % more.
 */
const GZIP_LEVEL = 1;

/** How long the server may take at start, and for a batch. InfluxDB itself gives up on a write after 10 s. */
const OPEN_MS = 10_000;
const WRITE_MS = 30_000;

/** After this many failures of a whole batch for unknown reasons, its lines are tried in parts. */
const ATTEMPTS_AS_A_WHOLE = 2;

/** Credentials and certificates for a server. */
interface InfluxCredentials {
  /** Value of the header `Authorization`. */
  readonly authorization: string | undefined;
  /** Certificates in PEM; undefined means those that Node.js trusts. */
  readonly ca: string | undefined;
}

/** One of InfluxDB's two APIs for writing, and its address. */
export interface InfluxApi {
  /** The scheme of the URL. */
  readonly name: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path of requests that write, with its parameters. */
  readonly path: string;
  /** Identifies the destination, without secrets. */
  readonly destination: string;
  readonly gzip: boolean;
  /** Reads secrets and certificates. @throws FailureError where they are missing or can't be read */
  credentials(): Promise<InfluxCredentials>;
  /** What to do where the server answers 401, 403 or 404. */
  remedy(status: number): string;
}

/** Parts of the program that the exporter uses, and a limit. */
export interface InfluxHttpModules {
  readonly warn: (message: string) => void;
  /** The longest that the server may take for a batch, in milliseconds. */
  readonly writeMs?: number;
}

/**
 * Line protocol over HTTP, for InfluxDB and servers with its API. If the server refuses a batch because of
 * some lines, the batch is halved until these lines are alone: they are dropped and named, and the others are
 * stored. InfluxDB stores a duplicate point once. A batch that fails again and again for unknown reasons is
 * also tried in parts (see {@link BatchBisector}), so that no line blocks later points.
 */
export class InfluxHttpExporter implements LineExporter {
  readonly name: string;
  readonly destination: string;
  private client: HttpClient | undefined;
  private readonly where: string;
  /** The batch that failed last, possibly because of its lines, and how often in a row it failed. */
  private suspect = { id: '', attempts: 0 };
  /** A line that the server has stored. */
  private taken: LineChunk | undefined;

  constructor(
    private readonly api: InfluxApi,
    private readonly modules: InfluxHttpModules,
  ) {
    this.name = api.name;
    this.destination = api.destination;
    this.where = `export ${api.name}: the server at ${api.origin}`;
  }

  /** Sends a write without points, which shows whether the server would let us write. */
  async open(): Promise<void> {
    const client = await this.makeClient();
    let response: HttpResponse;
    try {
      response = await client.post(this.api.path, Buffer.alloc(0), {}, OPEN_MS);
    } catch (error) {
      const problem = tlsProblem(error);
      if (problem !== undefined) throw this.failure(problem);
      this.modules.warn(`${this.where} can't be reached, points wait for it on disk: ${messageOf(error)}`);
      return;
    }
    this.check(response);
  }

  async writeLines(batch: LineBatch): Promise<WriteResult> {
    const { id } = batch;
    try {
      const result = await this.writePart(batch);
      this.suspect = { id: '', attempts: 0 };
      return result;
    } catch (error) {
      if (!(error instanceof UnexplainedFailure)) throw error;
      this.suspect = { id, attempts: this.suspect.id === id ? this.suspect.attempts + 1 : 1 };
      if (this.suspect.attempts <= ATTEMPTS_AS_A_WHOLE) throw error;
      return new BatchBisector((lines) => this.writePart(lines), isUnexplained, this.taken).write(
        batch,
        error,
      );
    }
  }

  close(): Promise<void> {
    this.client?.close();
    this.client = undefined;
    return Promise.resolve();
  }

  /** Writes lines in one request; in parts where the server refuses the size, or blames some lines. */
  private async writePart({ lines, points }: LineChunk): Promise<WriteResult> {
    const response = await this.post(lines);
    const verdict = judgeResponse(response);
    const { reason } = verdict;
    if (verdict.kind === 'failed') {
      const message = `${this.api.origin} answers ${reason ?? ''}`;
      // The token or password may have been changed meanwhile.
      if (response.status === 401 || response.status === 403) await this.makeClient();
      if (verdict.retryAfterMs !== undefined) throw new RetryLater(message, verdict.retryAfterMs);
      throw verdict.mayBlameLines ? new UnexplainedFailure(message) : new Error(message);
    }
    if (verdict.kind === 'stored') {
      const sent = points - Math.min(points, verdict.refused);
      if (sent === points && points > 0) this.taken = firstLine(lines);
      return confirmed(sent, reason);
    }
    if (points === 1) {
      // A proxy that accepts nothing answers this to every line.
      if (response.status === 413 && this.taken === undefined)
        throw new Error(`${this.api.origin} answers ${reason ?? ''} to one line of ${lines.length} bytes`);
      return confirmed(0, `${seriesOfLine(lines)}: ${reason ?? ''}`);
    }
    const [first, second] = halves({ lines, points });
    return combined(await this.writePart(first), await this.writePart(second));
  }

  /** Reads the credentials and replaces the client with one that uses them. */
  private async makeClient(): Promise<HttpClient> {
    const { authorization, ca } = await this.api.credentials();
    const headers = {
      'Content-Type': 'text/plain; charset=utf-8',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    };
    this.client?.close();
    this.client = new HttpClient({ origin: this.api.origin, headers, ca, connections: 1 });
    return this.client;
  }

  private async post(lines: Buffer): Promise<HttpResponse> {
    if (this.client === undefined) throw new Error('not open');
    const { path } = this.api;
    const ms = this.modules.writeMs ?? WRITE_MS;
    if (!this.api.gzip) return this.client.post(path, lines, {}, ms);
    const body = await compress(lines, { level: GZIP_LEVEL });
    return this.client.post(path, body, { 'Content-Encoding': 'gzip' }, ms);
  }

  /** @throws FailureError where the response to an empty write shows that waiting would not help */
  private check(response: HttpResponse): void {
    const { status } = response;
    // InfluxDB 2 refuses an empty body, but only after it has found the bucket.
    if (isSuccess(response) || (status === 400 && isInfluxError(response))) return;
    const said = `answers ${reasonOf(response)}`;
    if (status === 401 || status === 403 || status === 404)
      throw this.failure(`${said}; ${this.api.remedy(status)}`);
    if (response.text.includes('retention policy not found'))
      throw this.failure(`${said}; make it, or leave ?rp= out for the default one`);
    if (status !== 429 && status < 500) throw this.failure(`${said}, so it seems to be no InfluxDB`);
    this.modules.warn(`${this.where} ${said}, points wait for it on disk`);
  }

  private failure(what: string): FailureError {
    return new FailureError(`${this.where} ${what}`);
  }
}

/** The server did not store the lines, and its message does not say whether the lines are the reason. */
class UnexplainedFailure extends Error {
  override readonly name = 'Unexplained';
}

/** Copies the first line, so that the memory of the batch can be freed. */
function firstLine(lines: Buffer): LineChunk {
  return { lines: Buffer.from(lines.subarray(0, offsetOfLine(lines, 1))), points: 1 };
}

function isUnexplained(error: unknown): boolean {
  return error instanceof UnexplainedFailure;
}
