import { hash, randomInt } from 'node:crypto';
import type { NetworkAddress } from '../../wire/messages/network-address';
import type { NetworkName } from '../../wire/networks';
import type { TransportName } from '../transport/transport';
import { isTerrible, type KnownAddress, keyOf } from './known-address';
import { netgroupOf } from './netgroup';
import { isWorthKnowing, type RawEndpoint } from './reachability';

/** A quarter of Core's table of new addresses: at most 16,384 addresses, in 13 MB. */
const LEAST_BUCKETS = 256;
const BUCKET_SIZE = 64;

/** Addresses that can be known for each peer that is wanted, at least. */
const ADDRESSES_A_PEER = 6;

/** The part of the buckets that the addresses of one source group can reach, as in Core. */
const SOURCE_SHARE = 1 / 16;

/** How many addresses a search looks at: about 0.5 ms of work. */
const LOOK_AT = 1_000;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Addresses from peers count as this much older; Core 31 `src/net_processing.cpp` ProcessAddrs. */
const PENALTY = 2 * HOUR;

/** An impossible time counts as this long ago; Core, same place. */
const DOUBTFUL = 5 * DAY;
const LEAST_TIME = 100_000_000;

export interface AddressManagerOptions {
  readonly network: NetworkName;
  /** Number of peers to find; more peers need a larger book. Default: few. */
  readonly peers?: number;
  /** Whether an address may be known; default: each. */
  readonly admits?: (endpoint: RawEndpoint) => boolean;
  /** A secret, so that nobody can compute which addresses share a bucket. */
  readonly secret: Buffer;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
}

/**
 * The known addresses of nodes, bounded, in the manner of Core's address manager (`src/addrman.h`). Users
 * know it as the address book. Each address is in one bucket of 64, chosen by its own netgroup and that of
 * its first source. One source group reaches a sixteenth of the buckets, and all its addresses of one
 * netgroup are in one of these. So a hostile peer cannot reach most of the buckets, and its own netgroup gets
 * at most 64 entries. In a full bucket an address is replaced if it is old or has failed. An address that has
 * worked is never replaced by one that was only announced. Unlike Core, there is no second table for
 * addresses that have worked, and an address with two sources is not in two buckets.
 */
export class AddressManager {
  private readonly known = new Map<string, KnownAddress>();
  private readonly buckets: readonly KnownAddress[][];

  private readonly secretText: string;

  constructor(private readonly options: AddressManagerOptions) {
    const { peers = 0, secret } = options;
    let count = LEAST_BUCKETS;
    while (count * BUCKET_SIZE < peers * ADDRESSES_A_PEER) count *= 2;
    this.buckets = Array.from({ length: count }, () => []);
    this.secretText = secret.toString('hex');
  }

  get network(): NetworkName {
    return this.options.network;
  }

  get secret(): Buffer {
    return this.options.secret;
  }

  /** Number of addresses. */
  get size(): number {
    return this.known.size;
  }

  addresses(): IterableIterator<KnownAddress> {
    return this.known.values();
  }

  get(key: string): KnownAddress | undefined {
    return this.known.get(key);
  }

  /**
   * Adds an address that a peer of `sourceGroup` sent.
   * @returns whether it is new and was added
   */
  add(told: NetworkAddress, sourceGroup: string): boolean {
    const now = this.options.unixTime();
    const doubtful = told.time <= LEAST_TIME || told.time > now + 10 * MINUTE;
    const time = doubtful ? now - DOUBTFUL : told.time - PENALTY;
    const key = keyOf(told);
    const known = this.known.get(key);
    if (known !== undefined) {
      // A peer may not know all services of a node, so they are only added here. A handshake replaces them.
      known.services |= told.services;
      // A running node is announced all the time; not every announcement is worth noting.
      const step = now - told.time < DAY ? HOUR : DAY;
      // A future time was noted while our clock was ahead.
      if (known.time < time - step || known.time > now) known.time = time;
      return false;
    }
    if (!this.admits(told)) return false;
    const { network, port, services } = told;
    const address = Buffer.from(told.address);
    // No spread, whose result has a hidden class of its own: 360 bytes for each address.
    return this.put({
      key,
      network,
      address,
      port,
      services,
      time,
      lastTry: 0,
      lastSuccess: 0,
      attempts: 0,
      transport: undefined,
      sourceGroup,
    });
  }

  /**
   * Adds an address from an earlier run. Future times come from a clock that was ahead; they become the
   * present time.
   */
  restore(address: KnownAddress): void {
    if (this.known.has(address.key) || !this.admits(address)) return;
    const now = this.options.unixTime();
    address.time = Math.min(address.time, now);
    address.lastTry = Math.min(address.lastTry, now);
    address.lastSuccess = Math.min(address.lastSuccess, now);
    this.put(address);
  }

  private admits(endpoint: RawEndpoint): boolean {
    return isWorthKnowing(this.network, endpoint) && this.options.admits?.(endpoint) !== false;
  }

  /** Puts an address into its bucket, if there is room or an address to replace. */
  private put(address: KnownAddress): boolean {
    const bucket = this.bucketOf(address);
    if (bucket.length >= BUCKET_SIZE) {
      const now = this.options.unixTime();
      const last = bucket.findIndex((other) => isTerrible(other, now));
      const gone = bucket[last];
      if (gone === undefined) return false;
      this.forget(gone.key);
    }
    bucket.push(address);
    this.known.set(address.key, address);
    return true;
  }

  /** Notes a dial without a handshake; `counts` is false if the fault may be ours. */
  failed(known: KnownAddress, counts: boolean): void {
    known.lastTry = this.options.unixTime();
    if (counts) known.attempts++;
  }

  /** Notes a complete handshake, its transport, and the services that the node claims. */
  worked(known: KnownAddress, services: bigint, transport?: TransportName): void {
    known.lastSuccess = known.lastTry = known.time = this.options.unixTime();
    known.attempts = 0;
    known.services = services;
    known.transport = transport;
  }

  forget(key: string): void {
    const known = this.known.get(key);
    if (known === undefined) return;
    const bucket = this.bucketOf(known);
    bucket.splice(bucket.indexOf(known), 1);
    this.known.delete(key);
  }

  /**
   * A random address that `accepts` takes. The bucket is drawn first, so that a full bucket has no more
   * weight than another. As in Core, half of the time it prefers an address that has worked, and otherwise
   * one that has not. It looks at only some of many addresses, at others each time; so undefined does not
   * mean that there is none.
   */
  pick(accepts: (known: KnownAddress) => boolean): KnownAddress | undefined {
    const { length } = this.buckets;
    const start = randomInt(length);
    const first = randomInt(2) === 0;
    for (const worked of [first, !first])
      for (let i = 0, left = LOOK_AT; i < length && left > 0; i++) {
        const bucket = this.buckets[(start + i) % length] ?? [];
        left -= bucket.length;
        for (let j = 0, at = bucket.length > 0 ? randomInt(bucket.length) : 0; j < bucket.length; j++) {
          const known = bucket[(at + j) % bucket.length];
          if (known !== undefined && known.lastSuccess > 0 === worked && accepts(known)) return known;
        }
      }
    return undefined;
  }

  private bucketOf(address: KnownAddress): KnownAddress[] {
    const { sourceGroup } = address;
    const { length } = this.buckets;
    const group = netgroupOf(this.network, address);
    const share = this.hashOf(`${group} ${sourceGroup}`) % (length * SOURCE_SHARE);
    const bucket = this.buckets[this.hashOf(`${sourceGroup} ${share}`) % length];
    if (bucket === undefined) throw new RangeError('no such bucket');
    return bucket;
  }

  private hashOf(text: string): number {
    return Number.parseInt(hash('sha256', this.secretText + text).slice(0, 8), 16);
  }
}
