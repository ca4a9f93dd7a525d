import type { NetworkAddress } from '../../src/wire/messages/network-address';

/** A simulated network on loopback, in numbers. */
export interface CrawlNetworkSize {
  /** The second byte of all addresses, 127.net.x.y, so that networks of other tests have others. */
  readonly net: number;
  readonly port: number;
  /** Number of `getaddr` messages that are answered before the network is released; default all. */
  readonly answers?: number | undefined;
  readonly reachable: number;
  readonly dead: number;
  /** Of the dead, those that accept connections and say nothing. All others refuse them. */
  readonly silent: number;
}

/** Services of a full node with witnesses; with `P2P_V2` it claims the encrypted transport. */
const FULL = 9n;
const PRUNED = 1_032n;
const P2P_V2 = 2_048n;

/** The height of the network. */
export const HEIGHT = 900_000;

const AGENTS = ['/Satoshi:31.0.0/', '/Satoshi:30.2.0/', '/Satoshi:29.3.0/Knots:20260507/', '/btcd:0.26.0/'];

/** A node of the simulated network. */
export interface SimulatedNode {
  readonly version: number;
  readonly userAgent: string;
  /** What it claims, and what all others tell of it. */
  readonly services: bigint;
  readonly told: bigint;
  readonly height: number;
  /** Of its clock, in seconds ahead. */
  readonly ahead: number;
  /** Whether it speaks the encrypted transport as well. Others hang up on it. */
  readonly isEncrypted: boolean;
  /** Whether it sends addresses as `addrv2`. */
  readonly isNew: boolean;
  /** Whether it never stops to tell addresses that lead nowhere. */
  readonly isFlooding: boolean;
}

/**
 * The node with a number. One in ten speaks the encrypted transport. Of 3 % others tell that they do, and
 * they do not. One in 500 floods.
 */
export function nodeOf(index: number): SimulatedNode {
  const isEncrypted = index % 10 === 5;
  const isLying = index % 33 === 0;
  const services = (index % 7 === 3 ? PRUNED : FULL) | (isEncrypted ? P2P_V2 : 0n);
  return {
    version: 70_016,
    userAgent: AGENTS[index % AGENTS.length] ?? '',
    services,
    told: isLying ? services | P2P_V2 | 64n : services,
    height: index % 20 === 1 ? HEIGHT - 100 : HEIGHT,
    ahead: index % 50 === 2 ? 7_000 : 0,
    isEncrypted,
    isNew: index % 3 !== 0,
    isFlooding: index % 500 === 77,
  };
}

/** The host of a number: those of reachable nodes come first. */
export function hostOf({ net }: Pick<CrawlNetworkSize, 'net'>, index: number): string {
  return `127.${net}.${index >> 8}.${index & 0xff}`;
}

/** The most addresses of one answer. */
const MOST = 1_000;

/** Every address is told by at least so many nodes. */
const TELLERS = 3;

/**
 * What a node tells: the node behind it, its part of all addresses, and others at random. So every address is
 * told by some node, and every node can be found from the first one.
 */
export function toldBy(size: CrawlNetworkSize, index: number): readonly NetworkAddress[] {
  const all = size.reachable + size.dead;
  const part = Math.ceil((all * TELLERS) / size.reachable);
  const numbers = new Set([(index + 1) % size.reachable]);
  for (let i = 0; i < part; i++) numbers.add((index * Math.ceil(all / size.reachable) + i) % all);
  const most = Math.min(MOST, Math.ceil(all / 4));
  // A generator of its own, so that two runs tell the same (Numerical Recipes).
  for (let state = index; numbers.size < most;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    numbers.add(state % all);
  }
  const time = Math.floor(Date.now() / 1_000) - 3_600;
  return [...numbers].slice(0, MOST).map((number) => ({
    ...{ network: 'ipv4', time, port: size.port },
    address: Buffer.from(hostOf(size, number).split('.').map(Number)),
    services: number < size.reachable ? nodeOf(number).told : FULL,
  }));
}

/** What the simulated network is told. */
export type CrawlNetworkCommand = 'counts' | 'release';

/** What the simulated network has seen. */
export interface CrawlNetworkCounts {
  /** Connections, and `getaddr` messages, of each reachable node. */
  readonly connections: readonly number[];
  /** Connections to reachable nodes that have not ended. */
  readonly open: number;
  readonly getaddrs: readonly number[];
  /** Connections to dead addresses that accept them. */
  readonly silent: number;
  /** Versions that asked for announcements of transactions, and the user agents that came. */
  readonly relaying: number;
  readonly userAgents: readonly string[];
}
