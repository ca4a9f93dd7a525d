import type { Socket } from 'node:net';
import type { Network } from '../bcoin/bcoin';
import type { PeerBudget } from './budget/peer-budget';

/**
 * How a connection came about: `kept` because the user named the peer, `joined` because we dialled a known
 * address, `inbound` because the peer dialled us.
 */
export type ConnectionKind = 'kept' | 'joined' | 'inbound';

export interface ConnectionOptions {
  readonly id: number;
  readonly kind: ConnectionKind;
  /** The socket of an inbound connection. Without it the address is dialled. */
  readonly socket?: Socket;
  /** An IPv4 or IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly network: Network;
  readonly userAgent: string;
  /** Whether to announce `wtxidrelay` (BIP339). */
  readonly wtxidRelay: boolean;
  /** Limits what the peer may cost; null for one that the user named. */
  readonly budget: PeerBudget | null;
}
