import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

/**
 * The most characters that are read of a response: it holds an error message, and no server may fill the
 * memory.
 */
const MOST_ANSWER_CHARS = 65_536;

/** A server's response. */
export interface HttpResponse {
  readonly status: number;
  /** `Retry-After` in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/** Server and connections of a client. */
export interface HttpClientOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates in PEM that the server's must lead to; undefined means those that Node.js trusts. */
  readonly ca: string | undefined;
  /** Limit of concurrent connections; further requests wait. */
  readonly connections: number;
}

/** A request that was begun, and its response. */
interface Attempt<T> {
  readonly request: ClientRequest;
  readonly answer: Promise<T>;
}

/** Sends requests to one server over connections that are kept open. */
export class HttpClient {
  private readonly agent: PlainAgent | TlsAgent;
  private readonly isSecure: boolean;

  constructor(private readonly options: HttpClientOptions) {
    const { origin, ca, connections } = options;
    this.isSecure = origin.startsWith('https:');
    const keeping = { keepAlive: true, maxSockets: connections };
    this.agent = this.isSecure
      ? new TlsAgent({ ...keeping, ...(ca === undefined ? {} : { ca }) })
      : new PlainAgent(keeping);
  }

  /**
   * Sends `body` and waits for the whole response, whatever its status.
   * @throws Error where there is no response within `ms`
   */
  post(
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    ms: number,
  ): Promise<HttpResponse> {
    return withSecondTry(() => this.tryPost(path, body, headers, ms));
  }

  /**
   * Sends a GET and returns the response as soon as its headers have come, whatever its status. The body can
   * then be read as UTF-8.
   * @throws Error where the server is silent for `silenceMs`; if it falls silent within the body, reading the
   *   body throws
   */
  get(path: string, signal: AbortSignal, silenceMs: number): Promise<IncomingMessage> {
    return withSecondTry(() => this.tryGet(path, signal, silenceMs));
  }

  /** Aborts the running requests. */
  close(): void {
    this.agent.destroy();
  }

  private tryPost(
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    ms: number,
  ): Attempt<HttpResponse> {
    const request = this.request(path, {
      method: 'POST',
      headers: { ...this.options.headers, ...headers, 'Content-Length': body.length },
    });
    const answer = new Promise<HttpResponse>((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(noAnswer(ms));
        request.destroy();
      }, ms);
      request.on('close', () => clearTimeout(deadline));
      responseTo(request).then(readResponse).then(resolve, reject);
    });
    request.end(body);
    return { request, answer };
  }

  private tryGet(path: string, signal: AbortSignal, silenceMs: number): Attempt<IncomingMessage> {
    const request = this.request(path, { method: 'GET', headers: this.options.headers, signal });
    let response: IncomingMessage | undefined;
    request.setTimeout(silenceMs, () => (response ?? request).destroy(noAnswer(silenceMs)));
    const answer = responseTo(request).then((begun) => {
      response = begun;
      return begun.setEncoding('utf8');
    });
    request.end();
    return { request, answer };
  }

  private request(path: string, options: RequestOptions): ClientRequest {
    const send = this.isSecure ? tlsRequest : plainRequest;
    return send(new URL(path, this.options.origin), { agent: this.agent, ...options });
  }
}

/** Tries once more where the server had closed a kept connection and the client did not know that yet. */
async function withSecondTry<T>(attempt: () => Attempt<T>): Promise<T> {
  const { request, answer } = attempt();
  try {
    return await answer;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!request.reusedSocket || !['ECONNRESET', 'EPIPE'].includes(code)) throw error;
    return attempt().answer;
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
    // A connection can end without an error and without a response, as after an unrequested 101.
    request.on('close', () => reject(new Error('the server ended the connection without an answer')));
  });
}

function noAnswer(ms: number): Error {
  return new Error(`no answer within ${ms / 1_000} s`);
}

/** Reads a response to its end, or up to the limit. */
export async function readResponse(response: IncomingMessage): Promise<HttpResponse> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MOST_ANSWER_CHARS) break;
  }
  const { statusCode: status = 0, headers } = response;
  return {
    status,
    retryAfterMs: retryAfter(headers['retry-after']),
    text: text.slice(0, MOST_ANSWER_CHARS),
  };
}

/** A `Retry-After` in milliseconds; it is a number of seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
