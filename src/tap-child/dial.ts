import { type Socket, connect } from 'node:net';
import type { Endpoint } from '../p2p/endpoint';
import { ignored } from './end-socket';

/**
 * Milliseconds that each address of a name gets before the next one is tried (RFC 8305). Node's 250 are less
 * than a way around the world and back with one packet lost.
 */
const ATTEMPT_MS = 3_000;

/**
 * Dials `endpoint`. The socket that comes is paused, and has a listener for errors.
 * @throws the error of the system; its code is ETIMEDOUT after `ms` milliseconds
 */
export function dial({ host, port }: Endpoint, ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      allowHalfOpen: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    });
    socket.pause();
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error(`no answer for ${ms / 1_000} s`), { code: 'ETIMEDOUT' }));
    }, ms);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('error', ignored);
  });
}

/** The code of an error of dialling, such as ECONNREFUSED; of the first address where there were several. */
export function dialCode(error: unknown): string {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  return errors?.[0] === undefined ? '' : dialCode(errors[0]);
}
