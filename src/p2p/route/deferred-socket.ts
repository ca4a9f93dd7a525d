import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { messageOf } from '../../lib/errors';
import type { PeerSocket } from './route';

/**
 * A stream for a socket that needs a conversation first, such as that with a proxy. It emits `connect` once
 * `open` has resolved, and then passes bytes both ways. Its buffers are no larger than those of a socket: the
 * socket is paused while nobody reads.
 */
export class DeferredSocket extends Duplex implements PeerSocket {
  private socket: Socket | null = null;
  private readonly abort = new AbortController();

  /**
   * @param open resolves with a socket whose next byte is the peer's first one; rejects with an error that
   * has a code. It closes the socket once the signal is aborted.
   */
  constructor(open: (signal: AbortSignal) => Promise<Socket>) {
    super({ allowHalfOpen: false, emitClose: false });
    open(this.abort.signal).then(
      (socket) => this.opened(socket),
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(messageOf(error))),
    );
  }

  setNoDelay(noDelay?: boolean): this {
    this.socket?.setNoDelay(noDelay);
    return this;
  }

  override _read(): void {
    this.socket?.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.socket === null) {
      this.once('connect', () => this.pass(chunk, done));
      return;
    }
    this.pass(chunk, done);
  }

  override _final(done: () => void): void {
    this.socket?.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.abort.abort();
    this.socket?.destroy();
    done(error);
    // As for a socket, `close` comes later than `error`.
    setImmediate(() => this.emit('close'));
  }

  /** Writes to the socket. `writableLength` is 0 as soon as the system has all bytes, as for a socket. */
  private pass(chunk: Buffer, done: (error?: Error | null) => void): void {
    let isDone = false;
    const once = (error?: Error | null): void => {
      if (isDone) return;
      isDone = true;
      done(error);
    };
    this.socket?.write(chunk, once);
    if (this.socket?.writableLength === 0) once();
  }

  private opened(socket: Socket): void {
    if (this.destroyed) {
      socket.on('error', () => undefined).destroy();
      return;
    }
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    // What came before the end is still read. The end of both directions destroys the stream.
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      if (!socket.readableEnded) this.destroy();
    });
    this.emit('connect');
    // Not before `open` has given back what came early.
    setImmediate(() => socket.resume());
  }
}
