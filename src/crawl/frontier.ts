import { randomInt } from 'node:crypto';
import type { AddressList } from '../p2p/join/address-lists';
import { isDialable, type RawEndpoint, type Reaches } from '../p2p/join/reachability';
import { isLocalNetwork, type NetworkName } from '../wire/networks';
import { endpointOf, keyOf } from './address-key';

/** The most addresses that a crawl knows: several times as many as mainnet has, in about 200 MB. */
const MAX_KNOWN = 1_000_000;

/**
 * The most addresses of one subnet, which one party has to itself: /24 of IPv4, /64 of IPv6. A machine can
 * have 64,000 ports, and a /64 any number of addresses.
 */
const MAX_PER_SUBNET = 512;

/** Service bits that are remembered of what others tell: all that are in use. */
const LOW_BITS = 0xffff_ffffn;

/** Marks an address that is not visited. */
const LEFT_ALONE = -1;

/** Marks an address that the user named and nobody has told about. */
const NAMED = -2;

export interface FrontierOptions {
  readonly network: NetworkName;
  readonly reaches: Reaches;
  /** Addresses that are not visited. */
  readonly excluded: AddressList | undefined;
  /** Default: a million. */
  readonly maxKnown?: number;
}

/** An address to try, with the statements of others about it. */
export interface Candidate {
  readonly endpoint: RawEndpoint;
  /** Undefined if nobody told about it. */
  readonly services: bigint | undefined;
}

/**
 * The addresses of a crawl: waiting ones and taken ones. Each is taken once. Strangers can't fill it: the
 * addresses in total, those of one subnet, and the memory for an address have limits.
 */
export class Frontier {
  /** The services that were told of each address, by its key. */
  private readonly known = new Map<string, number>();
  private readonly subnets = new Map<string, number>();
  private waiting: string[] = [];
  private droppedCount = 0;
  private excludedCount = 0;

  constructor(private readonly options: FrontierOptions) {}

  /** Number of addresses that could be dialled, whether they were or not; those left alone included. */
  get size(): number {
    return this.known.size;
  }

  /** Number of addresses that are known and left alone. */
  get excluded(): number {
    return this.excludedCount;
  }

  /** Number of tellings of new addresses that were ignored, since a bound was reached. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** Number of addresses that wait. */
  get left(): number {
    return this.waiting.length;
  }

  /**
   * Adds an address that a node or a seed told.
   * @returns whether it is new, and waits now
   */
  add(endpoint: RawEndpoint, services: bigint): boolean {
    const key = keyOf(endpoint);
    if (key === null) return false;
    const bits = Number(services & LOW_BITS);
    const before = this.known.get(key);
    if (before !== undefined) {
      // A node may not know all services of another, so they add up.
      if (before !== LEFT_ALONE) this.known.set(key, before === NAMED ? bits : (before | bits) >>> 0);
      return false;
    }
    if (!isDialable(this.options.network, endpoint, this.options.reaches)) return false;
    return this.remember(key, endpoint, this.isExcluded(endpoint) ? LEFT_ALONE : bits);
  }

  /**
   * Takes an address that the user named, which may be a private one as well.
   * @returns whether it is new, and waits now
   */
  addNamed(endpoint: RawEndpoint): boolean {
    const key = keyOf(endpoint);
    if (key === null || this.known.has(key)) return false;
    return this.remember(key, endpoint, this.isExcluded(endpoint) ? LEFT_ALONE : NAMED);
  }

  /**
   * Takes a random one of the waiting addresses, so that many addresses from one node are spread over the
   * crawl. Undefined if none waits.
   */
  take(): Candidate | undefined {
    const { waiting } = this;
    const last = waiting.pop();
    if (last === undefined) return undefined;
    const at = randomInt(waiting.length + 1);
    const key = waiting[at] ?? last;
    if (at < waiting.length) waiting[at] = last;
    const bits = this.known.get(key) ?? NAMED;
    return { endpoint: endpointOf(key), services: bits === NAMED ? undefined : BigInt(bits) };
  }

  /** The low 32 service bits that others told about an address; undefined if nobody told about it. */
  toldOf(endpoint: RawEndpoint): bigint | undefined {
    const bits = this.known.get(keyOf(endpoint) ?? '');
    return bits === undefined || bits < 0 ? undefined : BigInt(bits);
  }

  /** Has addresses wait no longer, by their keys: they were tried before a crawl was interrupted. */
  tried(keys: ReadonlySet<string>): void {
    this.waiting = this.waiting.filter((key) => !keys.has(key));
  }

  private isExcluded(endpoint: RawEndpoint): boolean {
    return this.options.excluded?.has(endpoint) === true;
  }

  private remember(key: string, endpoint: RawEndpoint, bits: number): boolean {
    if (this.known.size >= (this.options.maxKnown ?? MAX_KNOWN) || !this.hasRoom(endpoint)) {
      this.droppedCount += 1;
      return false;
    }
    this.known.set(key, bits);
    if (bits === LEFT_ALONE) {
      this.excludedCount += 1;
      return false;
    }
    this.waiting.push(key);
    return true;
  }

  /** Counts an address of its subnet. Returns whether the subnet had room for it. */
  private hasRoom({ network, address }: RawEndpoint): boolean {
    if (isLocalNetwork(this.options.network) || (network !== 'ipv4' && network !== 'ipv6')) return true;
    const subnet = address.toString('latin1', 0, network === 'ipv4' ? 3 : 8);
    const count = this.subnets.get(subnet) ?? 0;
    if (count >= MAX_PER_SUBNET) return false;
    this.subnets.set(subnet, count + 1);
    return true;
  }
}
