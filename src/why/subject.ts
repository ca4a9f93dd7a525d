import { UsageError } from '../lib/errors';

/** What a person asks for. Hashes are in small letters, as people write them. */
export type Subject =
  | { readonly kind: 'hash'; readonly hash: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'height'; readonly height: number }
  | { readonly kind: 'peer'; readonly address: string }
  /** An address without a port. */
  | { readonly kind: 'host'; readonly host: string };

const HASH = /^[0-9a-f]{64}$/i;

/** Fewer digits fit too many ids. */
const LEAST_DIGITS = 4;
const HEX = /^[0-9a-f]+$/i;

/** `900000`, or as people and the page write it: `900,000`. */
const HEIGHT = /^(?:\d{1,8}|\d{1,3}(?:[ ,\u00a0\u202f]\d{3}){1,2})$/;

/** `192.0.2.1:8333`, `[2001:db8::1]:8333`, `name.onion:8333`, and the same without a port. */
const PEER = /^(?:\[[0-9a-f:.%\w]+\]|[\w.-]+):\d{1,5}$/i;
const HOST = /^(?:\[[0-9a-f:.%\w]+\]|[\w-]+(?:\.[\w-]+)+)$/i;

/** The longest text that is read: an address of Tor with its port has 68 characters. */
const LONGEST = 120;

/**
 * Reads what a person asks for.
 * @throws UsageError naming the text and what would be right
 */
export function parseSubject(text: string): Subject {
  const bare = text.trim();
  if (bare.length <= LONGEST) {
    if (HASH.test(bare)) return { kind: 'hash', hash: bare.toLowerCase() };
    if (HEIGHT.test(bare)) return { kind: 'height', height: Number(bare.replaceAll(/\D/g, '')) };
    if (HEX.test(bare) && bare.length < 64) {
      if (bare.length >= LEAST_DIGITS) return { kind: 'prefix', prefix: bare.toLowerCase() };
      throw new UsageError(`${bare}: too short for a hash; give at least ${LEAST_DIGITS} of its digits`);
    }
    if (PEER.test(bare)) return { kind: 'peer', address: bare.toLowerCase() };
    if (HOST.test(bare)) return { kind: 'host', host: bare.toLowerCase() };
  }
  const shown = bare.length > LONGEST ? `${bare.slice(0, LONGEST)}…` : bare;
  throw new UsageError(
    `${shown === '' ? "''" : shown}: give a txid, a wtxid, a block hash, a height or the address:port of a peer`,
  );
}
