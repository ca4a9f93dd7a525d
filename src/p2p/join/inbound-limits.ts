import type { Connections, IndexedConnection } from '../connections';
import type { DisconnectReason, Refusal } from '../p2p-events';
import type { NetworkName } from '../../wire/networks';
import { parseHost } from './host';
import { sourceGroupOf } from './netgroup';
import { isLoopback } from './reachability';

/** What is needed of the open connections to decide about an inbound one. */
export interface OpenConnection extends IndexedConnection {
  /** When it began, on the monotonic clock in milliseconds. */
  readonly openedAt: number;
  close(reason: DisconnectReason): void;
}

/** How many inbound connections are accepted. */
export interface InboundLimits {
  readonly network: NetworkName;
  readonly max: number;
}

/** The part of all inbound connections that one address and one netgroup can have. */
const ADDRESS_SHARE = 1 / 8;
const GROUP_SHARE = 1 / 4;

/** At the limit, a connection without a handshake for this time is closed for a new one. */
const PATIENCE_MS = 2_000;

/**
 * Why an inbound connection from `host` is refused; undefined if it is accepted. At the limit this may close
 * a connection without a handshake, so that peers that only connect exclude nobody. One address has at most
 * an eighth of the connections, one netgroup a quarter. An address that we have dialled is refused. This
 * machine's own addresses are exempt, because many peers may come from them (an onion service of Tor, a
 * proxy).
 */
export function refusalOf(
  host: string,
  connections: Connections<OpenConnection>,
  { network, max }: InboundLimits,
  now: number,
): Refusal | undefined {
  const raw = parseHost(host);
  if (raw === null) return 'inbound-share';
  if (!isLoopback(raw)) {
    if (connections.hasDialled(host)) return 'duplicate';
    const ofGroup = connections.inboundFromGroup(sourceGroupOf(network, raw));
    if (connections.inboundFrom(host) >= share(max, ADDRESS_SHARE) || ofGroup >= share(max, GROUP_SHARE))
      return 'inbound-share';
  }
  if (connections.inboundCount < max) return undefined;
  const idle = connections.oldestIdle();
  if (idle === undefined || now - idle.openedAt <= PATIENCE_MS) return 'inbound-full';
  idle.close('inbound-full');
  return undefined;
}

function share(max: number, part: number): number {
  return Math.max(1, Math.ceil(max * part));
}
