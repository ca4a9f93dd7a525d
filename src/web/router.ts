import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../lib/errors';
import type { Exchange, Handler, Route } from './exchange';
import type { TokenGuard } from './token-guard';
import { HttpError, toHttpError } from './http-error';
import { LOGIN_PATH, redirect } from './login';
import { sendError } from './reply';
import { SECURITY_HEADERS } from './security-headers';
import { checkHost, checkSite } from './request-origin';

export interface RouterModules {
  /** The paths that exist; nothing else is served. */
  readonly routes: ReadonlyMap<string, Route>;
  /** Routes of paths that end with a name. */
  readonly named: { readonly path: string; readonly route: (name: string) => Route };
  readonly guard: TokenGuard;
  /** Names of this server, in addition to those that it always has. */
  readonly names: readonly string[];
  /** Called with faults of the program. */
  readonly fault: (error: unknown) => void;
}

/** Answers a request: checks the client and the origin, then calls the handler. Never rejects. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  modules: RouterModules,
): Promise<void> {
  // A client that went away is no error of the server.
  response.on('error', () => undefined);
  const left = leaving(request.socket, response);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  response.setHeader('cache-control', 'no-store');
  try {
    checkHost(request, port, modules.names);
    const [path, search] = split(request.url ?? '');
    const handler = handlerOf(path, request, modules);
    if (handler === null) redirect(response, LOGIN_PATH);
    else await handler({ request, response, params: new URLSearchParams(search), left });
  } catch (error) {
    await fail(error, { request, response, left }, modules);
  }
}

/**
 * Aborted when an answer has been taken or its client has gone. If requests were pipelined and their
 * connection ends, Node does not close the answers of the later ones.
 */
function leaving(socket: Socket, response: ServerResponse): AbortSignal {
  const left = new AbortController();
  const leave = (): void => left.abort();
  // Each pipelined request adds a listener, and Node warns at the eleventh.
  socket.setMaxListeners(0).once('close', leave);
  response.once('close', () => {
    socket.off('close', leave);
    leave();
  });
  return left.signal;
}

/** The handler; null if the visitor must log in first. */
function handlerOf(path: string, request: IncomingMessage, modules: RouterModules): Handler | null {
  const { routes, named, guard } = modules;
  const found =
    routes.get(path) ??
    (path.startsWith(named.path) ? named.route(path.slice(named.path.length)) : undefined);
  if (found === undefined) throw new HttpError(404, 'there is nothing here');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const handler = method === 'GET' || method === 'POST' ? found[method] : undefined;
  if (handler === undefined) {
    const allow = [
      ...(found.GET === undefined ? [] : ['GET', 'HEAD']),
      ...(found.POST === undefined ? [] : ['POST']),
    ];
    throw new HttpError(405, `only ${allow.join(', ')} is served here`, { allow: allow.join(', ') });
  }
  if (found.access === 'api' || method === 'POST') checkSite(request);
  if (found.access === 'all' || guard.allows(request)) return handler;
  if (found.access === 'page') return null;
  throw new HttpError(401, 'log in, or send the token as Bearer', { 'www-authenticate': 'Bearer' });
}

async function fail(
  error: unknown,
  { request, response, left }: Pick<Exchange, 'request' | 'response' | 'left'>,
  { fault }: RouterModules,
): Promise<void> {
  if (left.aborted) return;
  let known = toHttpError(error);
  if (known === null) {
    fault(error);
    known = new HttpError(500, 'something went wrong here; see the log of the node');
  }
  // A part of the answer was sent already. Only the end of the connection can show that it is incomplete.
  if (response.headersSent) response.destroy();
  else await sendError(request, response, known).catch((reason: unknown) => fault(messageOf(reason)));
}

function split(url: string): readonly [string, string] {
  const at = url.indexOf('?');
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}
