import type { Socket } from 'node:net';
import type { PeerBudget } from './budget/peer-budget';
import type { Route } from './route/route';
import type { TransportName } from './transport/transport';

/**
 * How a connection came about: `kept` because the user named the peer, `joined` because we dialled a known
 * address, `inbound` because the peer dialled us.
 */
export type ConnectionKind = 'kept' | 'joined' | 'inbound';

/** What one connection has for itself; see `ConnectionTerms` for what all have in common. */
export interface ConnectionOptions {
  readonly id: number;
  readonly kind: ConnectionKind;
  /** The socket of an inbound connection. Without it the address is dialled. */
  readonly socket?: Socket | undefined;
  /** The route by which the address is dialled; default: directly. */
  readonly route?: Route | undefined;
  /** An IPv4 or IPv6 address, a name of Tor or I2P, or a DNS name that the route resolves. */
  readonly host: string;
  readonly port: number;
  /** The transport by which the address is dialled; left out for an inbound connection. */
  readonly dialBy?: TransportName | undefined;
  /** Limits what the peer may cost; null for one that the user named. */
  readonly budget: PeerBudget | null;
}
