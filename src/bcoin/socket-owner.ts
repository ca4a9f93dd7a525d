import type { BcoinPeer } from './bcoin';

/** What the events of a socket are given to. */
export interface SocketOwner {
  /** Takes an error of the socket. There may be several. */
  socketFailed(error: Error): void;
  socketClosed(): void;
  socketRead(chunk: Buffer): void;
  /** Called when the system has taken all that waited in the socket. */
  handleDrain(): void;
}

const OWNER = Symbol('owner');

interface OwnedSocket extends BcoinPeer.Stream {
  [OWNER]?: SocketOwner;
}

/**
 * Gives the events of a socket to its owner. There may be 20,000 sockets, so all have the same four
 * listeners, and none has one of its own.
 */
export function follow(socket: OwnedSocket, owner: SocketOwner): void {
  socket[OWNER] = owner;
  socket.on('error', onError);
  socket.on('close', onClose);
  socket.on('drain', onDrain);
  socket.on('data', onData);
}

/*
 * Node.js calls a listener with the socket as `this`.
 */
function onError(this: OwnedSocket, error: Error): void {
  this[OWNER]?.socketFailed(error);
}

function onClose(this: OwnedSocket): void {
  this[OWNER]?.socketClosed();
}

function onDrain(this: OwnedSocket): void {
  this[OWNER]?.handleDrain();
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[OWNER]?.socketRead(chunk);
}
