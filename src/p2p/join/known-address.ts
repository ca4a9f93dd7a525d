import type { AddressNetwork, NetworkAddress } from '../../wire/messages/network-address';
import type { RawEndpoint } from './reachability';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/**
 * What an address comes to (Core 31 `src/addrman.cpp`): ADDRMAN_HORIZON, _RETRIES, _MAX_FAILURES and
 * _MIN_FAIL.
 */
const HORIZON = 30 * DAY;
const RETRIES = 3;
const MAX_FAILURES = 10;
const MIN_FAIL = 7 * DAY;

/** An address of the book. All times are unix times in seconds, 0 for never. */
export interface KnownAddress extends NetworkAddress {
  /** See {@link keyOf}. */
  readonly key: string;
  readonly network: AddressNetwork;
  readonly address: Buffer;
  readonly port: number;
  services: bigint;
  /** When the node was last seen, as told or as we saw it. */
  time: number;
  /** When it was last dialled. */
  lastTry: number;
  /** When a handshake with it was last complete. */
  lastSuccess: number;
  /** Dials in a row that led to no handshake. */
  attempts: number;
  /** Group of who told of it first. */
  readonly sourceGroup: string;
}

/** What tells addresses apart, as text without spaces. */
export function keyOf({ network, address, port }: RawEndpoint): string {
  return `${network}:${address.toString('base64url')}:${port}`;
}

/**
 * Whether an address is the first to go where room is needed; Core 31 `src/addrman.cpp` AddrInfo::IsTerrible.
 * Core calls one terrible whose time is to come. Here that is no fault of the address: the book takes no such
 * time from a peer (`AddressBook.add`), so that our own clock was ahead when the time was noted. A dial to
 * come is none that was just made.
 */
export function isTerrible(known: KnownAddress, now: number): boolean {
  if (Math.abs(now - known.lastTry) <= MINUTE) return false;
  if (now - known.time > HORIZON) return true;
  if (known.lastSuccess === 0 && known.attempts >= RETRIES) return true;
  return now - known.lastSuccess > MIN_FAIL && known.attempts >= MAX_FAILURES;
}
