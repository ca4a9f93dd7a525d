import { hash } from 'node:crypto';
import type { NetworkName } from '../../wire/networks';
import { netgroupOf } from './netgroup';
import type { RawEndpoint } from './reachability';

/** One part of all addresses, of `count` parts with the numbers 1 to `count`. */
export interface Shard {
  readonly number: number;
  readonly count: number;
}

/**
 * Whether an address is in a shard: the first four bytes of the SHA-256 of its netgroup's text
 * (`ipv4:0a01` for 10.1.0.0/16), as a number with the highest byte first, modulo the number of shards. The
 * hash has no secret, so that processes and machines that know nothing of each other agree.
 */
export function isInShard(network: NetworkName, endpoint: RawEndpoint, { number, count }: Shard): boolean {
  const digest = hash('sha256', netgroupOf(network, endpoint), 'hex');
  return Number.parseInt(digest.slice(0, 8), 16) % count === number - 1;
}
