import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Most connections of one address that have not sent a request head yet; a browser opens six. */
const MAX_PER_ADDRESS = 32;

export interface PendingOptions {
  readonly maxPerAddress?: number;
  /** Whether an address is exempt from the limit, such as a proxy that serves many clients. */
  readonly isExempt?: (address: string) => boolean;
}

/**
 * Limits the connections of one address without a request. So a client that opens hundreds and sends nothing
 * does not take the places of others. Above the limit the longest waiting connection is closed.
 */
export function limitPendingHeads(
  server: Server,
  { maxPerAddress = MAX_PER_ADDRESS, isExempt = () => false }: PendingOptions = {},
): void {
  const pending = new Map<string, Set<Socket>>();
  const forget = (socket: Socket, address: string): void => {
    const own = pending.get(address);
    own?.delete(socket);
    if (own?.size === 0) pending.delete(address);
  };
  server.on('connection', (socket: Socket) => {
    // After a socket has closed, its address is unknown.
    const address = socket.remoteAddress ?? '';
    if (isExempt(address)) return;
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
