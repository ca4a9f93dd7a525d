import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock';
import type { EventBus } from '../../lib/event-bus';
import type { Connection } from '../connection';
import type { Connections } from '../connections';
import type { P2PEvents } from '../p2p-events';
import { ipOf } from '../../wire/messages/network-address';
import type { Bans } from './bans';
import { type InboundLimits, refusalOf } from './inbound-limits';
import { parseIp } from './ip';
import type { Listener } from './listener';

export interface InboundModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly bans: Bans;
  readonly listener: Listener;
  /** Opens the connection of a peer that dialled us. */
  readonly accept: (socket: Socket, host: string, port: number) => Connection;
  /** All connections of the program, of every kind. */
  readonly connections: Connections<Connection>;
  readonly warn: (message: string) => void;
}

/** Accepts inbound connections, or refuses them before a byte is read. */
export class Inbound {
  constructor(
    private readonly limits: InboundLimits,
    private readonly modules: InboundModules,
  ) {}

  start(): void {
    const { listener, warn } = this.modules;
    listener.start((socket) => this.admit(socket), warn);
  }

  stop(): void {
    this.modules.listener.close();
  }

  private admit(socket: Socket): void {
    const { accept, bans, bus, clock, connections } = this.modules;
    const ip = parseIp(socket.remoteAddress ?? '');
    const host = ip === null ? null : ipOf(ip);
    const port = socket.remotePort;
    if (host === null || port === undefined) {
      // The peer has hung up already.
      socket.destroy();
      return;
    }
    const refusal = bans.has(host)
      ? 'banned'
      : refusalOf(host, connections, this.limits, clock.monotonicMs());
    if (refusal === undefined) {
      accept(socket, host, port);
      return;
    }
    socket.destroy();
    bus.emit('refused', { reason: refusal });
  }
}
