import { isIP, isIPv6 } from 'node:net';
import path from 'node:path';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { MAX_SOCKET_PATH } from '../lib/max-socket-path';

/** An address of `--listen`: TCP, or the path of a Unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Reads `tcp://address:port` or `unix:PATH`.
 * @throws UsageError that names `text` and the right form
 */
export function parseListenAddress(text: string): ListenAddress {
  const wrong = (reason: string): UsageError =>
    new UsageError(
      `--listen ${text}: ${reason}; give tcp://127.0.0.1:8094, tcp://0.0.0.0:8094, tcp://[::]:8094 or unix:PATH`,
    );
  if (text.startsWith('unix:')) {
    const given = text.slice('unix:'.length);
    if (given === '' || given.startsWith('//') || given.endsWith('/')) throw wrong('names no socket');
    const resolved = path.resolve(expandHome(given));
    if (Buffer.byteLength(resolved) > MAX_SOCKET_PATH)
      throw wrong(`the path of a socket has ${MAX_SOCKET_PATH} bytes at most`);
    return { path: resolved };
  }
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(text);
  if (match === null) throw wrong("can't be read");
  const [, v6, other = '', digits] = match;
  const host = v6 ?? (other === 'localhost' ? '127.0.0.1' : other);
  if (v6 === undefined ? isIP(host) !== 4 : !isIPv6(host)) throw wrong('not an address of this machine');
  const port = Number(digits);
  if (port > 65_535) throw wrong(`${digits ?? ''} is not a port`);
  return { host, port };
}

/** The address in the form that `parseListenAddress` reads. */
export function formatListenAddress(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return `tcp://${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether only this machine can connect to it. */
export function isLocalAddress(address: ListenAddress): boolean {
  return 'path' in address || address.host === '::1' || address.host.startsWith('127.');
}
