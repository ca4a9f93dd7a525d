import type * as Zeromq from 'zeromq';
import { messageOf } from '../lib/errors';
import type { ZmqPlace } from './zmq-places';

/** What a socket tells its user. */
export interface ZmqHandlers {
  /** It is connected: messages come from now on. */
  readonly connected: () => void;
  /** The connection ended. It is made again until `close`. */
  readonly disconnected: () => void;
  readonly message: (parts: readonly Buffer[]) => void;
  /** No messages come any more. */
  readonly failed: (reason: string) => void;
}

/** The longest message: a block of 4 MB. */
const MAX_MESSAGE_BYTES = 8_000_000;

/** The most messages that wait here. In Core it is 1,000 by default. */
const MAX_WAITING = 10_000;

/** How often the connection is asked for a sign of life, and how long that may take. */
const HEARTBEAT_MS = 15_000;

const LONGEST_PAUSE_MS = 10_000;

/** Bindings to libzmq with its binaries, an optional dependency: loaded only where a Core publishes. */
export function loadZeromq(): Promise<typeof Zeromq> {
  return import('zeromq');
}

/** A subscription to what is published at one address. */
export class ZmqSocket {
  private readonly socket: Zeromq.Subscriber;

  /** @throws Error if the address is malformed */
  constructor(
    zeromq: typeof Zeromq,
    { address, topics }: ZmqPlace,
    private readonly handlers: ZmqHandlers,
  ) {
    this.socket = new zeromq.Subscriber({
      ...{ ipv6: true, linger: 0, reconnectMaxInterval: LONGEST_PAUSE_MS },
      ...{ maxMessageSize: MAX_MESSAGE_BYTES, receiveHighWaterMark: MAX_WAITING },
      ...{ heartbeatInterval: HEARTBEAT_MS, heartbeatTimeout: HEARTBEAT_MS },
    });
    this.socket.events.on('handshake', () => this.handlers.connected());
    this.socket.events.on('disconnect', () => this.handlers.disconnected());
    this.socket.subscribe(...topics);
    try {
      this.socket.connect(address);
    } catch (error) {
      this.close();
      throw error;
    }
    void this.read();
  }

  close(): void {
    this.socket.close();
  }

  private async read(): Promise<void> {
    try {
      for await (const parts of this.socket) this.handlers.message(parts);
    } catch (error) {
      if (!this.socket.closed) this.handlers.failed(messageOf(error));
    }
  }
}
