import { UsageError } from '../../lib/errors';
import type { Endpoint } from '../endpoint';
import type { NetworkName } from '../../wire/networks';
import { AddressManager } from './address-manager';
import { AddressFile } from './address-file';
import { Bans } from './bans';
import { DNS_SEEDS, type DnsSeed } from './dns-seeds';
import type { JoinLog, JoinParts } from './join';
import { Listener } from './listener';
import { isDialable } from './reachability';
import { randomBytes } from 'node:crypto';

/** What the user wants of the network beyond the peers that are named. */
export interface JoinOptions {
  /** Peers to find; 0 where nobody is to be looked for. */
  readonly peers: number;
  /** Where others can dial us. */
  readonly listen?: Endpoint;
  readonly maxInbound: number;
  /** DNS seeds in place of the network's own. */
  readonly seeds?: readonly DnsSeed[];
  /** `IP:port` of the DNS server to ask. */
  readonly resolver?: string;
}

/** Where a network is joined. */
export interface JoinContext {
  readonly network: NetworkName;
  /** Folder of the address book; without it nothing is kept. */
  readonly directory?: string;
  /** Whether peers are named, of whom others can be learned. */
  readonly hasPeers: boolean;
  readonly log: JoinLog;
}

/**
 * Reads the address book and takes the place to listen on.
 * @throws UsageError where there is nobody to begin with
 * @throws FailureError where the book can't be read, or the place can't be had
 */
export async function prepareJoin(options: JoinOptions, place: JoinContext): Promise<JoinParts> {
  const { directory, hasPeers, log, network } = place;
  const { listen, maxInbound, peers, resolver, seeds = DNS_SEEDS[network] } = options;
  const unixTime = (): number => Math.floor(Date.now() / 1_000);
  const times = { unixTime, monotonicMs: () => performance.now() };
  const file = directory === undefined ? null : new AddressFile(directory, network);
  const { bans, addrman } = (await file?.load(times, (message) => log.warn(message, {}))) ?? {
    addrman: new AddressManager({ network, secret: randomBytes(32), unixTime }),
    bans: new Bans(times),
  };
  const isHopeless =
    peers > 0 && seeds.length === 0 && !hasPeers && listen === undefined && !someDialable(addrman);
  if (isHopeless)
    throw new UsageError(
      `--join: ${network} has no DNS seeds and no node of it is known; give --connect host[:port] or --seed name[:port]`,
    );
  const listener = listen === undefined ? null : await Listener.bind(listen);
  return {
    ...{ network, peers, maxInbound, seeds, addrman, bans, file, listener, unixTime, log },
    ...(resolver === undefined ? {} : { resolver }),
  };
}

function someDialable(addrman: AddressManager): boolean {
  for (const known of addrman.addresses()) if (isDialable(addrman.network, known)) return true;
  return false;
}
