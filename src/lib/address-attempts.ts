import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

/**
 * Milliseconds that each address of a name gets before the next one is tried (RFC 8305). Node's 250 are less
 * than a way around the world and back: a name whose other addresses do not answer would never be reached.
 * This is also enough for a lost packet, which the system sends again after a second. The shortest time limit
 * for all addresses together is 3 s.
 */
const ATTEMPT_MS = 1_250;

/** Gives the addresses of names so much time in all connections that this process opens. */
export function waitForSlowAddresses(): void {
  setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS);
}
