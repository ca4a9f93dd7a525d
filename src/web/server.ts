import { once } from 'node:events';
import { type RequestListener, type Server, STATUS_CODES, createServer } from 'node:http';
import { type Socket, isIPv6 } from 'node:net';
import { FailureError, messageOf } from '../lib/errors';
import { shareConnections } from '../lib/share-connections';
import { SECURITY_HEADERS } from './security-headers';

/** Visitors are few: a browser opens six connections, a proxy some more. */
const MAX_CONNECTIONS = 256;

/** Limits of time for the head of a request and for the whole request, in milliseconds. */
const HEAD_MS = 10_000;
const REQUEST_MS = 20_000;

/**
 * How often Node checks these limits. Its default of 30 s would give a slow client up to four times as long.
 */
const CHECK_MS = 2_000;

/**
 * Time limit without a byte in either direction, in milliseconds. It is longer than the longest query, and
 * streams are never silent for so long.
 */
const SILENCE_MS = 75_000;

/** Status and message for a request that can't be parsed, by Node's error code. */
const UNREADABLE: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the head of the request is too long'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long'],
};

/** The address to listen on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface ServerOptions {
  readonly headMs?: number;
  readonly requestMs?: number;
  readonly checkMs?: number;
  /** Whether an address is a proxy, which opens connections for all of its visitors. */
  readonly isProxy?: (address: string) => boolean;
}

/**
 * Starts a server. It does not keep the program running by itself, because a node ends when its sources do.
 * @throws Node's error if the address can't be listened on
 */
export async function listenHttp(
  { host, port }: ListenAddress,
  handle: RequestListener,
  { headMs = HEAD_MS, requestMs = REQUEST_MS, checkMs = CHECK_MS, isProxy }: ServerOptions = {},
): Promise<Server> {
  const limits = { headersTimeout: headMs, requestTimeout: requestMs, connectionsCheckingInterval: checkMs };
  // The router rejects a request without `Host`, like any other wrong host.
  const server = createServer({ ...limits, keepAliveTimeout: 5_000, requireHostHeader: false }, handle);
  server.timeout = SILENCE_MS;
  shareConnections(server, MAX_CONNECTIONS, isProxy);
  server.on('clientError', refuse);
  // `Expect` is ignored: the request is answered with the usual headers.
  server.on('checkExpectation', handle);
  server.listen(port, host);
  await once(server, 'listening');
  server.unref();
  return server;
}

/** The port that a server listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The error for an address that can't be listened on. */
export function listenError({ host, port }: ListenAddress, error: unknown): FailureError {
  const place = `--http ${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return new FailureError(`${place}: another program listens there; give another port, or --http off`);
  return new FailureError(`${place}: can't be listened on: ${messageOf(error)}`);
}

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, words] = UNREADABLE[error.code ?? ''] ?? [400, 'the request is not HTTP'];
  const headers = { ...SECURITY_HEADERS, 'content-type': 'text/plain', connection: 'close' };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('')}\r\n${words}\n`);
}
