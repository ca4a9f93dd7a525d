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

/** What letting others in works with. */
export interface InboundModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly bans: Bans;
  readonly listener: Listener;
  /** Takes one who dialled us. */
  readonly accept: (socket: Socket, host: string, port: number) => Connection;
  /** All connections of the program, of whatever kind. */
  readonly connections: Connections<Connection>;
  readonly warn: (message: string) => void;
}

/** Lets others in, or refuses them before a byte of theirs is read. */
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
    const place = parseIp(socket.remoteAddress ?? '');
    const host = place === null ? null : ipOf(place);
    const port = socket.remotePort;
    if (host === null || port === undefined) {
      // It has hung up already.
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
