import type { Socket } from 'node:net';

/** Milliseconds that a side has to take what waits for it before it is reset, or closed. */
const GRACE_MS = 5_000;

const NOTHING = Buffer.alloc(0);

/** Resets a connection (RST) once its waiting bytes are on their way. Nothing more is read from it. */
export function resetSoon(socket: Socket): void {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  socket.pause();
  const reset = (): void => {
    clearTimeout(timer);
    if (!socket.destroyed) socket.resetAndDestroy();
  };
  const timer = setTimeout(reset, GRACE_MS);
  if (socket.writableLength === 0 || socket.writableFinished) reset();
  else if (socket.writableEnded) socket.once('finish', reset);
  else socket.write(NOTHING, reset);
}

/**
 * Sends last bytes and ends. Bytes that still come are read and dropped, so that no reset overtakes the last
 * bytes.
 */
export function endAfter(socket: Socket, bytes: Buffer): void {
  if (socket.destroyed) return;
  socket.removeAllListeners('data');
  socket.resume();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), GRACE_MS);
  socket.once('end', () => socket.destroySoon());
  socket.once('close', () => clearTimeout(timer));
}

/** An error of a socket that its `close` reports as well. */
export const ignored = (): void => undefined;
