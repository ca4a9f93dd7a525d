import type { Socket } from 'node:net';
import type { Transport, TransportName } from '#dist/p2p/transport/transport';
import { PlainTransport } from '#dist/p2p/transport/v1';
import { EncryptedTransport } from '#dist/p2p/transport/v2';
import { NETWORKS } from '#dist/wire/networks';

/** Sends a message to the other side. */
export type SendMessage = (command: string, payload?: Buffer) => boolean;

export interface TransportPeerOptions {
  readonly transport: TransportName;
  readonly isInitiator: boolean;
  /** Called once messages can be sent. */
  readonly onReady?: (send: SendMessage) => void;
  readonly onMessage: (send: SendMessage, command: string, payload: Buffer) => void;
}

const { magic } = NETWORKS.regtest;
const always = (): boolean => true;

/** Speaks one of the transports on a socket that is open, as a peer on regtest. Answers pings. */
export function speakTransport(socket: Socket, options: TransportPeerOptions): void {
  const { isInitiator, onMessage, onReady } = options;
  const send: SendMessage = (command, payload = Buffer.alloc(0)) =>
    socket.write(transport.encode(command, payload));
  const sink = {
    arrived: () => undefined,
    message: (command: string, payload: Buffer) => {
      if (command === 'ping') send('pong', payload);
      onMessage(send, command, payload);
    },
    overhead: () => undefined,
    write: (bytes: Buffer) => void socket.write(bytes),
    ready: () => onReady?.(send),
    violation: (reason: string) => void socket.destroy(new Error(reason)),
  };
  const transport: Transport =
    options.transport === 'v1'
      ? new PlainTransport(magic, sink)
      : new EncryptedTransport({ isInitiator, magic, monotonicMs: () => performance.now() }, sink);
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    transport.add(chunk);
    transport.run(always);
  });
  transport.open();
  if (transport.isReady) onReady?.(send);
}
