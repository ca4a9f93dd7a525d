import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { sourceOf } from './address-source';

/** The open connections of one source, the oldest first. */
class Source {
  /** Those that have not sent the head of a request. */
  readonly silent = new Set<Socket>();
  readonly served = new Set<Socket>();

  get size(): number {
    return this.silent.size + this.served.size;
  }
}

/**
 * Limits the connections of an HTTP server, so that no address can take the places of all others. If there
 * are more than `max`, the source with the most connections loses one: the one that has been silent longest,
 * or else its oldest. If no source has more than that of the newcomer, a silent one of the newcomer's own
 * source is ended, or else the newcomer.
 * @param isExempt whether an address never loses a connection, such as a proxy that serves many clients
 */
export function shareConnections(
  server: Server,
  max: number,
  isExempt: (address: string) => boolean = () => false,
): void {
  const sources = new Map<string, Source>();
  /** The open connections, with their sources; null for an exempt one. */
  const open = new Map<Socket, Source | null>();
  // A backstop: Node.js refuses further ones before this function hears of them.
  server.maxConnections = 2 * max;

  server.on('connection', (socket: Socket) => {
    // After a socket has closed, its address is unknown.
    const address = socket.remoteAddress ?? '';
    const name = sourceOf(address);
    let own: Source | null = null;
    if (!isExempt(address)) {
      own = sources.get(name) ?? new Source();
      sources.set(name, own);
      own.silent.add(socket);
    }
    open.set(socket, own);
    socket.once('close', () => {
      leave(open, socket);
      if (sources.get(name)?.size === 0) sources.delete(name);
    });
    if (open.size <= max) return;
    const ended = surplus(socket, own, sources.values());
    // At once, because another newcomer may come before its end.
    leave(open, ended);
    ended.destroy();
  });
  server.on('request', ({ socket }: IncomingMessage) => {
    const source = open.get(socket);
    if (source?.silent.delete(socket) === true) source.served.add(socket);
  });
}

function leave(open: Map<Socket, Source | null>, socket: Socket): void {
  const source = open.get(socket);
  open.delete(socket);
  source?.silent.delete(socket);
  source?.served.delete(socket);
}

/** The connection that is ended because of a newcomer. @param own its source; null if it is exempt */
function surplus(newcomer: Socket, own: Source | null, sources: Iterable<Source>): Socket {
  let largest = own;
  for (const source of sources) if (source.size > (largest?.size ?? 0)) largest = source;
  if (largest === null) return newcomer;
  for (const socket of largest.silent) if (socket !== newcomer) return socket;
  const [oldest = newcomer] = largest === own ? [] : largest.served;
  return oldest;
}
