import type { Connections, IndexedConnection } from '../connections';
import type { DisconnectReason, Refusal } from '../p2p-events';
import type { NetworkName } from '../../wire/networks';
import { parseIp } from './ip';
import { sourceGroupOf } from './netgroup';
import { isLoopback } from './reachability';

/** What is looked at of a connection when somebody dials us. */
export interface OpenConnection extends IndexedConnection {
  /** When it began, on the monotonic clock in milliseconds. */
  readonly openedAt: number;
  close(reason: DisconnectReason): void;
}

/** How many may dial us. */
export interface InboundLimits {
  readonly network: NetworkName;
  readonly max: number;
}

/** Of all places, the part that one address, and that one netgroup can have. */
const ADDRESS_SHARE = 1 / 8;
const GROUP_SHARE = 1 / 4;

/** Where all places are taken, one that has not shaken hands for this long makes room. */
const PATIENCE_MS = 2_000;

/**
 * Why somebody who dials from `host` is not let in; undefined where they are, for which a connection without
 * a handshake may be closed: so those that only connect keep nobody out. An address has an eighth of the
 * places at most, a netgroup a quarter; one that we have dialled is not let in as well. What comes from this
 * machine is exempt, as behind it may be everybody (the onion service of Tor, a proxy).
 */
export function refusalOf(
  host: string,
  connections: Connections<OpenConnection>,
  { network, max }: InboundLimits,
  now: number,
): Refusal | undefined {
  const place = parseIp(host);
  if (place === null) return 'inbound-share';
  if (!isLoopback(place)) {
    if (connections.hasDialled(host)) return 'duplicate';
    const ofGroup = connections.inboundFromGroup(sourceGroupOf(network, place));
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
