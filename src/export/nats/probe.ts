import { connect } from 'node:net';
import { messageOf } from '../../lib/errors';

/** A server's first bytes over TCP, before TLS. */
const GREETING = 'INFO ';

/**
 * Finds a server that greets as NATS does, trying them in a random order. The NATS client leaks the socket to
 * a host that answers nothing, which would keep the program from ending; so it only gets servers that answer.
 * @param ms time limit of each server, in milliseconds
 * @throws Error that names the problem with each server
 */
export async function findServer(
  servers: readonly string[],
  ms: number,
  signal: AbortSignal,
): Promise<string> {
  const failures: Error[] = [];
  const order = servers.map((server) => ({ server, rank: Math.random() })).sort((a, b) => a.rank - b.rank);
  for (const { server } of order) {
    try {
      await greeting(server, ms, signal);
      return server;
    } catch (error) {
      signal.throwIfAborted();
      failures.push(new Error(servers.length === 1 ? messageOf(error) : `${server}: ${messageOf(error)}`));
    }
  }
  throw new AggregateError(failures);
}

function greeting(server: string, ms: number, signal: AbortSignal): Promise<void> {
  const [, host = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(server) ?? [];
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host, port: Number(port) });
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const abort = (): void => settle(new Error('the program is ending'));
    const timer = setTimeout(() => settle(new Error(`${server} does not answer within ${ms / 1_000} s`)), ms);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    socket.on('error', (error) => settle(error));
    socket.on('close', () => settle(new Error(`${server} closed the connection at once`)));
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (text.length < GREETING.length) return;
      settle(text.startsWith(GREETING) ? undefined : new Error(`${server} answers, but is no NATS server`));
    });
  });
}
