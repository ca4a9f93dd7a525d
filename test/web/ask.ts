import { type IncomingHttpHeaders, request } from 'node:http';
import net from 'node:net';

/** A response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** Differences from a plain GET. */
export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request to a server on this machine, with exactly these headers and this path. */
export function ask(port: number, path: string, options: AskOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json() {
            return JSON.parse(text) as Record<string, unknown>;
          },
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Posts JSON. */
export function post(
  port: number,
  path: string,
  value: unknown,
  options: AskOptions = {},
): Promise<HttpAnswer> {
  const headers = { 'content-type': 'application/json', ...options.headers };
  return ask(port, path, { ...options, headers, method: 'POST', body: JSON.stringify(value) });
}

/** Writes bytes to a server and returns everything until it ends the connection. */
export function say(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    socket.once('close', () => resolve(answer));
  });
}
