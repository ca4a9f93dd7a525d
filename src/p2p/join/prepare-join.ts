import { UsageError } from '../../lib/errors';
import { checkOpenFiles } from '../../lib/open-files';
import type { Endpoint } from '../endpoint';
import type { I2p } from '../i2p/i2p';
import type { NetworkName } from '../../wire/networks';
import type { AddressList } from './address-lists';
import { AddressManager } from './address-manager';
import { AddressFile } from './address-file';
import { Bans } from './bans';
import { DNS_SEEDS, type DnsSeed } from './dns-seeds';
import type { JoinLog, JoinParts } from './join';
import { Listener } from './listener';
import { isDialable, type RawEndpoint, type Reaches } from './reachability';
import { isInShard, type Shard } from './shard';
import { randomBytes } from 'node:crypto';

/** The user's options for joining a network. */
export interface JoinOptions {
  /** Number of peers to find; 0 to find none. */
  readonly peers: number;
  /** The endpoint on which we accept peers. */
  readonly listen?: Endpoint;
  readonly maxInbound: number;
  /** DNS seeds in place of those of the network. */
  readonly seeds?: readonly DnsSeed[];
  /** `IP:port` of the DNS server; default: the system's. */
  readonly resolver?: string;
  /** How long a session lasts before it is let go for another one; without it sessions last. */
  readonly rotateMs?: number;
  /** Number of told addresses to try in an hour; default: none. */
  readonly feelersAnHour?: number;
  /** The part of all addresses that is dialled; default: all. */
  readonly shard?: Shard;
  /** Addresses that are neither dialled nor accepted; default: none. */
  readonly excluded?: AddressList;
}

/** What joining needs to know of the program. */
export interface JoinContext {
  readonly network: NetworkName;
  /** Folder of the address file; without it nothing is saved. */
  readonly directory?: string;
  /** Whether the user named peers, which can send addresses. */
  readonly hasPeers: boolean;
  /** The networks whose addresses are dialled; default: IPv4 and IPv6. */
  readonly reaches?: Reaches;
  /** Accepts peers from I2P, besides the listener; only where there is one. */
  readonly i2p?: Pick<I2p, 'accept'> | undefined;
  readonly log: JoinLog;
}

/**
 * Loads the address file and binds the listening socket.
 * @throws UsageError if there is no seed and no known node to start with
 * @throws FailureError if the file can't be read, the socket can't be bound, or the limit of open files is
 * too low
 */
export async function prepareJoin(options: JoinOptions, context: JoinContext): Promise<JoinParts> {
  const { directory, hasPeers, i2p, log, network, reaches } = context;
  const { excluded, feelersAnHour, listen, maxInbound, peers, resolver, rotateMs, shard } = options;
  const inbound = listen === undefined ? 0 : maxInbound;
  checkOpenFiles(peers + inbound, inbound > peers ? `--max-inbound ${maxInbound}` : `--peers ${peers}`);
  // Seeds name addresses of IPv4 and IPv6 alone.
  const hasUse = reaches === undefined || reaches('ipv4') || reaches('ipv6');
  const seeds = hasUse ? (options.seeds ?? DNS_SEEDS[network]) : [];
  if (!hasUse && peers > 0)
    log.info('no DNS seeds are asked: they name addresses of IPv4 and IPv6, which --only-net leaves out', {});
  const unixTime = (): number => Math.floor(Date.now() / 1_000);
  const times = { unixTime, monotonicMs: () => performance.now() };
  const file = directory === undefined ? null : new AddressFile(directory, network);
  const admits = (endpoint: RawEndpoint): boolean =>
    excluded?.has(endpoint) !== true && (shard === undefined || isInShard(network, endpoint, shard));
  const book = { peers, admits };
  const { bans, addrman } = (await file?.load(times, (message) => log.warn(message, {}), book)) ?? {
    addrman: new AddressManager({ network, secret: randomBytes(32), unixTime, ...book }),
    bans: new Bans(times),
  };
  const isHopeless =
    peers > 0 && seeds.length === 0 && !hasPeers && listen === undefined && !someDialable(addrman, reaches);
  if (isHopeless && !hasUse)
    throw new UsageError(
      '--only-net: leaves nothing to dial: no node of these networks is known, and DNS seeds name nodes of others; give --connect with an address of these networks',
    );
  if (isHopeless)
    throw new UsageError(
      `--join: ${network} has no DNS seeds and no node of it is known; give --connect host[:port] or --seed name[:port]`,
    );
  const listener = listen === undefined ? null : await Listener.bind(listen);
  return {
    ...{ network, peers, maxInbound, seeds, addrman, bans, file, listener, unixTime, log },
    ...(resolver === undefined ? {} : { resolver }),
    ...(i2p === undefined ? {} : { i2p }),
    ...(rotateMs === undefined ? {} : { rotateMs }),
    ...(feelersAnHour === undefined ? {} : { feelersAnHour }),
    ...(excluded === undefined ? {} : { excluded }),
  };
}

function someDialable(addrman: AddressManager, reaches: Reaches | undefined): boolean {
  for (const known of addrman.addresses()) if (isDialable(addrman.network, known, reaches)) return true;
  return false;
}
