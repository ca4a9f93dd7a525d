import type { AddressNetwork, NetworkAddress } from '../../wire/messages/network-address';
import type { TransportName } from '../transport/transport';
import type { RawEndpoint } from './reachability';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/**
 * When an address is given up (Core 31 `src/addrman.cpp`): ADDRMAN_HORIZON, _RETRIES, _MAX_FAILURES and
 * _MIN_FAIL.
 */
const HORIZON = 30 * DAY;
const RETRIES = 3;
const MAX_FAILURES = 10;
const MIN_FAIL = 7 * DAY;

const SEED_GROUP = 'seed:';

/** A known address. All times are Unix times in seconds, 0 for never. */
export interface KnownAddress extends NetworkAddress {
  /** See {@link keyOf}. */
  readonly key: string;
  readonly network: AddressNetwork;
  readonly address: Buffer;
  readonly port: number;
  services: bigint;
  /** When the node was last seen, by us or as announced. */
  time: number;
  /** When it was last dialled. */
  lastTry: number;
  /** When a handshake with it last completed. */
  lastSuccess: number;
  /** Number of dials without a handshake since the last success. */
  attempts: number;
  /** The transport of the last complete handshake with it. */
  transport?: TransportName | undefined;
  /** Netgroup of its first source. */
  readonly sourceGroup: string;
}

/** The source group of addresses that a DNS seed names. */
export function seedGroup(seed: string): string {
  return `${SEED_GROUP}${seed}`;
}

/** Whether the first source of an address was a DNS seed, and not a peer. */
export function isOfSeed({ sourceGroup }: Pick<KnownAddress, 'sourceGroup'>): boolean {
  return sourceGroup.startsWith(SEED_GROUP);
}

/** The key of an address: text without spaces. */
export function keyOf({ network, address, port }: RawEndpoint): string {
  return `${network}:${address.toString('base64url')}:${port}`;
}

/**
 * Whether an address may be replaced when room is needed; Core 31 `src/addrman.cpp` AddrInfo::IsTerrible.
 * Core also counts an address with a future time. Here a future time is not the fault of the address: none is
 * accepted from a peer (`AddressManager.add`), so our own clock was ahead. A future dial does not count as a
 * recent one.
 */
export function isTerrible(known: KnownAddress, now: number): boolean {
  if (Math.abs(now - known.lastTry) <= MINUTE) return false;
  if (now - known.time > HORIZON) return true;
  if (known.lastSuccess === 0 && known.attempts >= RETRIES) return true;
  return now - known.lastSuccess > MIN_FAIL && known.attempts >= MAX_FAILURES;
}
