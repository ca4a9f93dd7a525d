import type { DisconnectReason, Refusal } from '../events';
import type { NetworkName } from '../networks';
import { parseIp } from './ip';
import { sourceGroupOf } from './netgroup';
import { isLoopback } from './reach';

/** What is looked at of a connection when somebody dials us. */
export interface OpenConnection {
  readonly host: string;
  readonly outbound: boolean;
  readonly established: boolean;
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
 * Why somebody who dials from `host` is not let in; undefined where they are, for which a connection without a handshake may be
 * closed: so those that only connect keep nobody out. An address has an eighth of the places at most, a netgroup a quarter; one
 * that we have dialled is not let in as well. What comes from this machine is exempt, as behind it may be everybody (the onion
 * service of Tor, a proxy).
 */
export function refusalOf(
  host: string,
  connections: Iterable<OpenConnection>,
  { network, max }: InboundLimits,
  now: number,
): Refusal | undefined {
  const place = parseIp(host);
  if (place === null) return 'inbound-share';
  const inbound: OpenConnection[] = [];
  const isOurs = isLoopback(place);
  for (const connection of connections) {
    if (!connection.outbound) inbound.push(connection);
    else if (!isOurs && connection.host === host) return 'duplicate';
  }
  if (!isOurs) {
    const group = sourceGroupOf(network, place);
    const sameHost = inbound.filter((other) => other.host === host);
    const sameGroup = inbound.filter((other) => groupOf(network, other.host) === group);
    if (sameHost.length >= share(max, ADDRESS_SHARE) || sameGroup.length >= share(max, GROUP_SHARE))
      return 'inbound-share';
  }
  if (inbound.length < max) return undefined;
  const idle = inbound.find((other) => !other.established && now - other.openedAt > PATIENCE_MS);
  idle?.close('inbound-full');
  return idle === undefined ? 'inbound-full' : undefined;
}

function share(max: number, part: number): number {
  return Math.max(1, Math.ceil(max * part));
}

function groupOf(network: NetworkName, host: string): string {
  const place = parseIp(host);
  return place === null ? '' : sourceGroupOf(network, place);
}
