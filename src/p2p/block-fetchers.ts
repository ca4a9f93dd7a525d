import { NODE_NETWORK, NODE_NETWORK_LIMITED } from '../wire/services';
import type { Connection } from './connection';

/** How many connections are looked at to fetch missing blocks, and how many of them are asked. */
const MAX_LOOKED_AT = 512;
const MAX_FETCHERS = 64;

/** How deep below the best header a peer with NETWORK_LIMITED has blocks (BIP159), less a margin. */
const LIMITED_DEPTH = 280;

/**
 * The peers that claim to have blocks of a depth.
 * @param depth in blocks below the best header
 */
export function fetchersAmong(connections: Iterable<Connection>, depth: number): readonly Connection[] {
  const fetchers: Connection[] = [];
  let looked = 0;
  for (const connection of connections) {
    if (++looked > MAX_LOOKED_AT || fetchers.length >= MAX_FETCHERS) break;
    if (mayHave(connection, depth)) fetchers.push(connection);
  }
  return fetchers;
}

/** Whether a peer claims to have blocks of this depth, with their witnesses. */
function mayHave({ claims, established, ended, claimsWitness }: Connection, depth: number): boolean {
  if (claims === null || !established || ended || !claimsWitness) return false;
  if ((claims.services & NODE_NETWORK) !== 0n) return true;
  return (claims.services & NODE_NETWORK_LIMITED) !== 0n && depth < LIMITED_DEPTH;
}
