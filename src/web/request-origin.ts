import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HttpError } from './http-error';

/**
 * Checks that a request was meant for this server. A page of another site can make its own name point at this
 * machine and then read the answers (DNS rebinding), but it can't change the `Host` that the browser sends.
 * Loopback names are allowed with any port, because a tunnel has its own port. An address is allowed if the
 * connection was made to it.
 * @throws HttpError 421
 */
export function checkHost(request: IncomingMessage, port: number, names: readonly string[]): void {
  const host = (request.headers.host ?? '').toLowerCase();
  const [, name = '', given = '80'] = /^(\[[0-9a-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(host) ?? [];
  if (name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'))) return;
  if (names.includes(name) || names.includes(host)) return;
  const local = (request.socket.localAddress ?? '').replace(/^::ffff:/, '');
  if (Number(given) === port && name !== '' && name.replace(/^\[|\]$/g, '') === local) return;
  throw new HttpError(421, `Host ${visibleHost(host)}: is not this server; --http-host NAME allows a name`);
}

/**
 * Checks that a request comes from a page of this server, from the address bar, or from a program that is no
 * browser.
 * @throws HttpError 403
 */
export function checkSite(request: IncomingMessage): void {
  const { origin, host = '', 'sec-fetch-site': site } = request.headers;
  const isOwn =
    origin === undefined || /^https?:\/\/(.*)$/.exec(origin.toLowerCase())?.[1] === host.toLowerCase();
  if (isOwn && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new HttpError(403, 'a page of another site may not ask this server');
}

function visibleHost(text: string): string {
  return text.slice(0, 100).replace(/[^\x21-\x7e]/g, '?');
}
