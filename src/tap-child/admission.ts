import type { Socket } from 'node:net';
import { Connections } from '../p2p/connections';
import { Bans } from '../p2p/join/bans';
import { type OpenConnection, refusalOf } from '../p2p/join/inbound-limits';
import { hostOf } from '../p2p/join/ip';
import type { NetworkName } from '../wire/networks';
import type { TapCloseReason } from '../tap/copy-format';
import type { TapRefusal } from '../tap/control';

/** An inbound connection, from its arrival to its end. */
export interface Inbound {
  readonly host: string;
  readonly port: number;
  /** Set once both sides have sent something: the peer is no stranger that only connects. */
  established: boolean;
  /** Ends it; the part that passes its bytes on sets this. */
  destroy: (reason: TapCloseReason) => void;
  /** Has it forgotten. */
  readonly ended: () => void;
}

/**
 * Decides which inbound connections the node gets, by the rules of `--listen`: an eighth for an address, a
 * quarter for a netgroup, none for a banned address. At the limit an older connection that has sent nothing
 * is ended for a new one.
 */
export class Admission {
  private readonly connections: Connections<OpenConnection & { readonly inbound: Inbound }>;
  private readonly bans = new Bans({
    unixTime: () => Date.now() / 1_000,
    monotonicMs: () => performance.now(),
  });
  private lastId = 0;

  constructor(
    private readonly network: NetworkName,
    private readonly max: number,
  ) {
    this.connections = new Connections(network);
  }

  /** Lets a connection in; or the reason why not, or null where it has ended already. */
  admit(socket: Socket): Inbound | TapRefusal | null {
    const { remoteAddress, remotePort: port } = socket;
    if (remoteAddress === undefined || port === undefined) return null;
    const host = hostOf(remoteAddress);
    const now = performance.now();
    if (this.bans.has(host)) return 'banned';
    const refusal = refusalOf(host, this.connections, { network: this.network, max: this.max }, now);
    if (refusal !== undefined) return refusal;
    const inbound: Inbound = {
      host,
      port,
      established: false,
      destroy: () => socket.destroy(),
      ended: () => this.connections.delete(connection),
    };
    const connection = {
      id: ++this.lastId,
      host,
      port,
      outbound: false,
      openedAt: now,
      get established() {
        return inbound.established;
      },
      close: () => {
        this.connections.delete(connection);
        inbound.destroy('inbound-full');
      },
      inbound,
    };
    this.connections.add(connection);
    return inbound;
  }

  /** Refuses an address for a day, and ends its connections. */
  ban(host: string): void {
    this.bans.add(host);
    for (const { host: each, inbound } of [...this.connections]) {
      if (each === host) inbound.destroy('banned');
    }
  }
}
