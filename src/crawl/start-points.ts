import { isIP } from 'node:net';
import { messageOf } from '../lib/errors';
import type { Lookup } from '../lib/lookup';
import type { Endpoint } from '../p2p/endpoint';
import type { DnsSeed } from '../p2p/join/dns-seeds';
import { parseHost } from '../p2p/join/host';
import type { KnownAddress } from '../p2p/join/known-address';
import type { RawEndpoint } from '../p2p/join/reachability';
import { type NetworkName, NETWORKS } from '../wire/networks';
import { NODE_NETWORK, NODE_WITNESS } from '../wire/services';
import { parseAddress } from './address-key';
import type { Snapshot } from './snapshot';

/** With this many addresses no seeds are asked: seeds are few, and volunteers run them. */
const MANY = 1_000;

/** The services that the nodes of a seed are assumed to have. */
const SEED_SERVICES = NODE_NETWORK | NODE_WITNESS;

/** Where a crawl begins. */
export interface StartOptions {
  readonly network: NetworkName;
  /** Nodes that the user named. */
  readonly connect: readonly Endpoint[];
  readonly seeds: readonly DnsSeed[];
  /** The address book of the listener. */
  readonly book: Iterable<KnownAddress>;
  /** The last crawl. */
  readonly last: Snapshot | null;
  /** Whether a proxy resolves names, so that the system must not be asked. */
  readonly resolvesNames: boolean;
}

/** What a crawl begins with. */
export interface StartTargets {
  /** Takes an address that the user named. */
  named(endpoint: RawEndpoint): void;
  /** Takes an address from an earlier run or from a seed. */
  told(endpoint: RawEndpoint, services: bigint): void;
  /** Visits a node by a name that a proxy resolves. */
  visitName(host: string, port: number): Promise<void>;
}

export interface StartModules {
  readonly lookup: Lookup;
  /** Asks a seed by DNS. */
  readonly seedAddresses: (seed: DnsSeed) => Promise<readonly string[]>;
  /** Number of addresses that the crawl knows. */
  readonly known: () => number;
  readonly warn: (message: string) => void;
}

/**
 * Gives a crawl its first addresses: those that the user named, the nodes of the last crawl, the address
 * book, and, if these are few, those of DNS seeds.
 */
export async function begin(
  { network, connect, seeds, book, last, resolvesNames }: StartOptions,
  targets: StartTargets,
  { lookup, seedAddresses, known, warn }: StartModules,
): Promise<void> {
  for (const node of last?.nodes ?? []) {
    const endpoint = parseAddress(node.address);
    if (endpoint !== null) targets.told(endpoint, node.services);
  }
  for (const address of book) targets.told(address, address.services);
  const byName = async ({ host, port }: Endpoint): Promise<void> => {
    if (resolvesNames) {
      await targets.visitName(host, port);
      return;
    }
    for (const ip of await lookup(host)) nameIp(targets, ip, port);
  };
  const ofSeed = async (seed: DnsSeed): Promise<void> => {
    const port = seed.port ?? NETWORKS[network].port;
    if (resolvesNames) {
      await targets.visitName(seed.host, port);
      return;
    }
    for (const ip of await seedAddresses(seed)) {
      const raw = parseHost(ip);
      if (raw !== null) targets.told({ ...raw, port }, SEED_SERVICES);
    }
  };
  const named = async (endpoint: Endpoint): Promise<void> => {
    if (parseHost(endpoint.host) === null) await byName(endpoint);
    else nameIp(targets, endpoint.host, endpoint.port);
  };
  const asked = [
    ...connect.map((endpoint) => ({ what: `--connect ${endpoint.host}`, ask: () => named(endpoint) })),
    ...(known() >= MANY ? [] : seeds.map((seed) => ({ what: `seed ${seed.host}`, ask: () => ofSeed(seed) }))),
  ];
  await Promise.all(
    asked.map(({ what, ask }) =>
      ask().catch((error: unknown) => warn(`crawl: no address from ${what}: ${messageOf(error)}`)),
    ),
  );
}

function nameIp(targets: StartTargets, host: string, port: number): void {
  const raw = parseHost(isIP(host) === 0 ? host.toLowerCase() : host);
  if (raw !== null) targets.named({ ...raw, port });
}
