import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Connections of one address that have not sent the head of a request yet; a browser opens six. */
const MAX_PER_ADDRESS = 32;

/**
 * Bounds the connections of one address on which no request has come yet, so that one that opens hundreds and says nothing does not
 * take the places of all others: beyond the bound the one that has waited longest is closed.
 */
export function limitPendingHeads(server: Server, maxPerAddress = MAX_PER_ADDRESS): void {
  const pending = new Map<string, Set<Socket>>();
  const forget = (socket: Socket, address: string): void => {
    const own = pending.get(address);
    own?.delete(socket);
    if (own?.size === 0) pending.delete(address);
  };
  server.on('connection', (socket: Socket) => {
    // Once it has gone, a socket tells its address no more.
    const address = socket.remoteAddress ?? '';
    const own = pending.get(address) ?? new Set<Socket>();
    pending.set(address, own.add(socket));
    socket.once('close', () => forget(socket, address));
    const [oldest] = own;
    if (own.size > maxPerAddress && oldest !== undefined) {
      forget(oldest, address);
      oldest.destroy();
    }
  });
  server.on('request', ({ socket }) => forget(socket, socket.remoteAddress ?? ''));
}
