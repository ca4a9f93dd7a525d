import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';

/** Of an answer no more is looked at: it tells of an error, and no server may fill the memory. */
const MOST_ANSWER_CHARS = 65_536;

/** What a server answered. */
export interface Answer {
  readonly status: number;
  /** Milliseconds, from `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  /** The beginning of the body. */
  readonly text: string;
}

/** Where and how requests go. */
export interface HttpSenderOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates in PEM that the server's must lead to; undefined means those that Node.js trusts. */
  readonly ca: string | undefined;
}

/** Posts to one server, over one connection that is kept. */
export class HttpSender {
  private readonly agent: PlainAgent | TlsAgent;
  private readonly isSecure: boolean;

  constructor(private readonly options: HttpSenderOptions) {
    const { origin, ca } = options;
    this.isSecure = origin.startsWith('https:');
    const keeping = { keepAlive: true, maxSockets: 1 };
    this.agent = this.isSecure
      ? new TlsAgent({ ...keeping, ...(ca === undefined ? {} : { ca }) })
      : new PlainAgent(keeping);
  }

  /**
   * Sends `body` and waits for the whole answer, whatever its status.
   * @throws Error where there is none within `ms`
   */
  async post(
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    ms: number,
  ): Promise<Answer> {
    const attempt = this.attempt(path, body, headers, ms);
    try {
      return await attempt.answer;
    } catch (error) {
      // The server had closed the kept connection, and we had not heard of it yet.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!attempt.request.reusedSocket || !['ECONNRESET', 'EPIPE'].includes(code)) throw error;
      return this.attempt(path, body, headers, ms).answer;
    }
  }

  /** Breaks off what runs. */
  close(): void {
    this.agent.destroy();
  }

  private attempt(
    path: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    ms: number,
  ): { readonly request: ClientRequest; readonly answer: Promise<Answer> } {
    const request = (this.isSecure ? tlsRequest : plainRequest)(new URL(path, this.options.origin), {
      method: 'POST',
      agent: this.agent,
      headers: { ...this.options.headers, ...headers, 'Content-Length': body.length },
    });
    const answer = new Promise<Answer>((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(new Error(`no answer within ${ms / 1_000} s`));
        request.destroy();
      }, ms);
      request.on('error', reject);
      // A connection can end without an error or an answer, as after a 101 that nobody asked for.
      let isAnswered = false;
      request.on('close', () => {
        clearTimeout(deadline);
        if (!isAnswered) reject(new Error('the server ended the connection without an answer'));
      });
      request.on('response', (response) => {
        isAnswered = true;
        readAnswer(response).then(resolve, reject);
      });
    });
    request.end(body);
    return { request, answer };
  }
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
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

/** Milliseconds of a `Retry-After`, which is a number of seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
