import { NODE_P2P_V2 } from '../../wire/services';
import type { TransportName } from './transport';

/** Which transports are used: both, or one alone. */
export const TRANSPORT_MODES = ['auto', 'v2', 'v1'] as const;

/** One of `TRANSPORT_MODES`. */
export type TransportMode = (typeof TRANSPORT_MODES)[number];

/** What is known of the transports of a node. */
export interface KnownTransport {
  /** The service bits that it claims, or that others claim for it. */
  readonly services: bigint;
  /** The transport of the last complete handshake with it. */
  readonly transport?: TransportName | undefined;
}

/** A node that the user named and that we know nothing about. It is dialled by v2 first. */
export const UNTRIED: KnownTransport = { services: NODE_P2P_V2 };

/** The transport by which a node is dialled first: v2 if it claims that, or if that has worked. */
export function transportToDial(mode: TransportMode, { services, transport }: KnownTransport): TransportName {
  if (mode !== 'auto') return mode;
  return transport === 'v2' || (services & NODE_P2P_V2) !== 0n ? 'v2' : 'v1';
}
