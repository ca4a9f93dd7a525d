import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock';
import type { EventBus } from '../../lib/event-bus';
import type { Connection } from '../connection';
import type { Connections } from '../connections';
import type { I2p } from '../i2p/i2p';
import type { P2PEvents } from '../p2p-events';
import { ipOf } from '../../wire/messages/network-address';
import type { AddressList } from './address-lists';
import type { Bans } from './bans';
import { parseHost } from './host';
import { type InboundLimits, refusalOf } from './inbound-limits';
import { parseIp } from './ip';
import type { Listener } from './listener';

/** SAM 3.1 has no ports; Core 31 `src/i2p.h` I2P_SAM31_PORT. */
const I2P_PORT = 0;

export interface InboundModules {
  readonly bus: EventBus<P2PEvents>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly bans: Bans;
  /** Addresses that are refused; left out if no address is excluded. */
  readonly excluded?: AddressList | undefined;
  readonly listener: Listener;
  /** Accepts peers from I2P as well; null where no address of ours is there. */
  readonly i2p: Pick<I2p, 'accept'> | null;
  /** Opens the connection of a peer that dialled us. */
  readonly accept: (socket: Socket, host: string, port: number) => Connection;
  /** All connections of the program, of every kind. */
  readonly connections: Connections<Connection>;
  readonly info: (message: string, details: object) => void;
  readonly warn: (message: string) => void;
}

/** Accepts inbound connections, or refuses them before a byte is read. */
export class Inbound {
  constructor(
    private readonly limits: InboundLimits,
    private readonly modules: InboundModules,
  ) {}

  start(): void {
    const { i2p, info, listener, warn } = this.modules;
    listener.start((socket) => this.take(socket), warn);
    i2p?.accept({
      taken: ({ socket, name }) => this.admit(socket, name, I2P_PORT),
      reachable: (address) => info('reachable by I2P', { address }),
      failed: (reason) => warn(`no peers from I2P: ${reason}; trying again`),
    });
  }

  stop(): void {
    this.modules.listener.close();
  }

  private take(socket: Socket): void {
    const ip = parseIp(socket.remoteAddress ?? '');
    const host = ip === null ? null : ipOf(ip);
    const port = socket.remotePort;
    if (host === null || port === undefined) {
      // The peer has hung up already.
      socket.destroy();
      return;
    }
    this.admit(socket, host, port);
  }

  private admit(socket: Socket, host: string, port: number): void {
    const { accept, bus, clock, connections } = this.modules;
    const refusal = this.exclusionOf(host) ?? refusalOf(host, connections, this.limits, clock.monotonicMs());
    if (refusal === undefined) {
      accept(socket, host, port);
      return;
    }
    socket.destroy();
    bus.emit('refused', { reason: refusal });
  }

  private exclusionOf(host: string): 'banned' | 'excluded' | undefined {
    const { bans, excluded } = this.modules;
    if (bans.has(host)) return 'banned';
    const raw = excluded === undefined ? null : parseHost(host);
    return raw !== null && excluded?.has(raw) === true ? 'excluded' : undefined;
  }
}
