import { hash, randomInt } from 'node:crypto';
import type { NetworkAddress } from '../../wire/messages/network-address';
import type { NetworkName } from '../../wire/networks';
import { isTerrible, type KnownAddress, keyOf } from './known-address';
import { netgroupOf } from './netgroup';
import { isWorthKnowing } from './reachability';

/** A quarter of Core's table of new addresses: 16,384 at most, in 13 MB. */
const BUCKETS = 256;
const BUCKET_SIZE = 64;

/** The part of the book, a sixteenth as in Core, that the addresses can take that one source group tells. */
const BUCKETS_PER_SOURCE = 16;

/** Addresses that are looked at to find one: some 0.5 ms of work. */
const LOOK_AT = 1_000;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is told about others is taken for so much older; Core 31 `src/net_processing.cpp` ProcessAddrs. */
const PENALTY = 2 * HOUR;

/** A time that cannot be is taken for this long ago; Core, there. */
const DOUBTFUL = 5 * DAY;
const LEAST_TIME = 100_000_000;

/** What an address book is made from. */
export interface AddressManagerOptions {
  readonly network: NetworkName;
  /** Secret of this book: without it nobody can work out which addresses push which others out. */
  readonly secret: Buffer;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
}

/**
 * The addresses of nodes that are known, bounded, in the manner of Core's address manager (`src/addrman.h`).
 * An address belongs into one bucket of 64, by its own group and the group of who told of it first. One
 * source group reaches 16 of the 256 buckets, and all the addresses of one group that it tells lie in one of
 * these: however much a hostile peer tells, most of the book is out of its reach, and a net of its own gets
 * 64 places. In a full bucket an address makes room where it is old or has failed; one that has worked is
 * never pushed out by what is merely told. Unlike Core's there is no second table for those that worked, and
 * an address that was told twice is not in two buckets.
 */
export class AddressManager {
  private readonly known = new Map<string, KnownAddress>();
  private readonly buckets = Array.from({ length: BUCKETS }, (): KnownAddress[] => []);

  private readonly secretText: string;

  constructor(private readonly options: AddressManagerOptions) {
    this.secretText = options.secret.toString('hex');
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
   * Takes an address that somebody of `sourceGroup` told.
   * @returns whether it is new and was kept
   */
  add(told: NetworkAddress, sourceGroup: string): boolean {
    if (!isWorthKnowing(this.network, told)) return false;
    const now = this.options.unixTime();
    const doubtful = told.time <= LEAST_TIME || told.time > now + 10 * MINUTE;
    const time = doubtful ? now - DOUBTFUL : told.time - PENALTY;
    const key = keyOf(told);
    const known = this.known.get(key);
    if (known !== undefined) {
      // Services may be missing from one's word and not from another's; only a handshake takes any away.
      known.services |= told.services;
      // A node that is up is told of all the time: not each of these is worth noting.
      const step = now - told.time < DAY ? HOUR : DAY;
      // What is to come was noted while our clock was ahead.
      if (known.time < time - step || known.time > now) known.time = time;
      return false;
    }
    const { network, port, services } = told;
    const address = Buffer.from(told.address);
    return this.put({
      ...{ key, network, address, port, services, time, sourceGroup },
      ...{ lastTry: 0, lastSuccess: 0, attempts: 0 },
    });
  }

  /**
   * Takes an address as it was in an earlier book. Times to come are of a clock that was ahead: they become
   * now.
   */
  restore(address: KnownAddress): void {
    if (this.known.has(address.key) || !isWorthKnowing(this.network, address)) return;
    const now = this.options.unixTime();
    address.time = Math.min(address.time, now);
    address.lastTry = Math.min(address.lastTry, now);
    address.lastSuccess = Math.min(address.lastSuccess, now);
    this.put(address);
  }

  /** Puts an address into its bucket, where there is room or an address that must make room. */
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

  /** Notes a dial that led to no handshake; `counts` is false where the fault may be ours. */
  failed(known: KnownAddress, counts: boolean): void {
    known.lastTry = this.options.unixTime();
    if (counts) known.attempts++;
  }

  /** Notes a complete handshake, and what the node itself says of its services. */
  worked(known: KnownAddress, services: bigint): void {
    known.lastSuccess = known.lastTry = known.time = this.options.unixTime();
    known.attempts = 0;
    known.services = services;
  }

  forget(key: string): void {
    const known = this.known.get(key);
    if (known === undefined) return;
    const bucket = this.bucketOf(known);
    bucket.splice(bucket.indexOf(known), 1);
    this.known.delete(key);
  }

  /**
   * An address that `accepts` takes, from a bucket drawn at random so that a crowded one weighs no more than
   * another. As in Core, half of the time one that has worked before is preferred, else one that has not. Of
   * a large book only a part is looked at, another each time: undefined does not say that there is none.
   */
  pick(accepts: (known: KnownAddress) => boolean): KnownAddress | undefined {
    const start = randomInt(BUCKETS);
    const first = randomInt(2) === 0;
    for (const worked of [first, !first])
      for (let i = 0, left = LOOK_AT; i < BUCKETS && left > 0; i++) {
        const bucket = this.buckets[(start + i) % BUCKETS] ?? [];
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
    const share = this.hashOf(`${netgroupOf(this.network, address)} ${sourceGroup}`) % BUCKETS_PER_SOURCE;
    const bucket = this.buckets[this.hashOf(`${sourceGroup} ${share}`) % BUCKETS];
    if (bucket === undefined) throw new RangeError('no such bucket');
    return bucket;
  }

  private hashOf(text: string): number {
    return Number.parseInt(hash('sha256', this.secretText + text).slice(0, 8), 16);
  }
}
