import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { SocksClient } from 'socks';
import { messageOf } from '../../lib/errors';
import { Throttle } from '../../lib/throttle';
import type { Endpoint } from '../endpoint';
import { DeferredSocket } from './deferred-socket';
import { type Route, RouteError } from './route';

/** How long a proxy may take. Tor can take 20 s to reach an onion service for the first time. */
const TIMEOUT_MS = 30_000;

/** A SOCKS5 proxy (RFC 1928). */
export interface SocksProxy {
  readonly endpoint: Endpoint;
  /** The user and password that the proxy wants (RFC 1929); null for a proxy that wants none. */
  readonly login: { readonly user: string; readonly password: string } | null;
  /** The option that names it, for messages, such as `--proxy 127.0.0.1:9050`. */
  readonly shown: string;
}

/**
 * A route by a SOCKS5 proxy, which resolves names. If the proxy has no login, each connection has a new user
 * name and password, as in Core (`-proxyrandomize`): Tor then uses another circuit for each, so nobody can
 * tell that two of them come from one program.
 * @param warn gets a line if the proxy itself fails, once a minute at most
 */
export function socksRoute(proxy: SocksProxy, warn: (message: string) => void): Route {
  const mayWarn = new Throttle(() => performance.now());
  return {
    timeoutMs: TIMEOUT_MS,
    open: (host, port) =>
      new DeferredSocket(async (signal) => {
        try {
          return await dial(proxy, { host, port }, signal);
        } catch (error) {
          if (error instanceof RouteError && !signal.aborted && mayWarn.allows())
            warn(`${proxy.shown}: ${error.message}; no peer can be dialled through it`);
          throw error;
        }
      }),
  };
}

async function dial(proxy: SocksProxy, to: Endpoint, signal: AbortSignal): Promise<Socket> {
  const { host, port } = proxy.endpoint;
  const { user, password } = proxy.login ?? { user: random(), password: random() };
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    throw new RouteError(reachingProblem(error));
  }
  try {
    await SocksClient.createConnection({
      proxy: { host, port, type: 5, userId: user, password },
      command: 'connect',
      destination: to,
      // The session has given up by then.
      timeout: 2 * TIMEOUT_MS,
      existing_socket: socket,
    });
  } catch (error) {
    throw socksProblem(messageOf(error), proxy);
  }
  return socket;
}

function random(): string {
  return randomBytes(16).toString('hex');
}

/** Why a proxy can't be reached. */
function reachingProblem(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there, so the proxy does not run';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  return `can't be reached: ${messageOf(error)}`;
}

/** The codes of the system for answers of a proxy about the address, by their names in the package. */
const ADDRESS_PROBLEMS: Readonly<Record<string, string>> = {
  Failure: 'EHOSTUNREACH',
  NetworkUnreachable: 'ENETUNREACH',
  HostUnreachable: 'EHOSTUNREACH',
  ConnectionRefused: 'ECONNREFUSED',
  TTLExpired: 'ETIMEDOUT',
  AddressNotSupported: 'EAFNOSUPPORT',
  // Tor has further codes for onion services, which the package has no names for.
  undefined: 'EHOSTUNREACH',
};

/** An error of the package, which states its reason in words alone (socks 2.8 `constants.ts` ERRORS). */
export function socksProblem(message: string, { login }: Pick<SocksProxy, 'login'>): Error {
  const answer = /rejected connection - (\w+)/.exec(message)?.[1];
  const code = answer === undefined ? undefined : ADDRESS_PROBLEMS[answer];
  if (code !== undefined) return Object.assign(new Error(message), { code });
  if (answer !== undefined) return new RouteError('does not allow this program to connect to peers');
  if (message.includes('invalid socks version')) return new RouteError('does not speak SOCKS5');
  if (/Authentication failed|no accepted authentication/.test(message))
    return new RouteError(
      login === null
        ? 'wants a user and a password; give socks5://user@host:port, and the password in BTCDMON_PROXY_PASSWORD'
        : `refuses the password of user ${login.user}`,
    );
  if (message.includes('unknown authentication type'))
    return new RouteError('wants another login than a user and a password');
  if (message.includes('Socket closed')) return new RouteError('ends the connection without an answer');
  return new RouteError(message);
}
