import type { AddressManager } from './address-manager';
import type { DnsSeed } from './dns-seeds';
import { NETWORKS, type NetworkName } from '../../wire/networks';
import { NODE_NETWORK, NODE_WITNESS } from '../../wire/services';
import { parseIp } from './ip';
import { seedGroup } from './known-address';
import type { SeedLookup } from './seed-lookup';

/** How a seed is asked for nodes. */
export interface SeedSource {
  /**
   * Asks a seed, and gives its addresses to the address manager. Returns the number of new addresses.
   * @throws Error with the reason if it names none
   */
  ask(seed: DnsSeed): Promise<number>;
  /** Cancels what is being asked, which then fails. */
  cancel(): void;
}

/**
 * A seed does not say when it saw a node. As in Core, 3 to 7 days ago is assumed, so that addresses from
 * peers count as newer.
 */
const DAY = 86_400;

/** The services that the nodes of a seed are assumed to have. */
const SERVICES = NODE_NETWORK | NODE_WITNESS;

export interface DnsSourceModules {
  readonly network: NetworkName;
  readonly addrman: AddressManager;
  readonly lookup: SeedLookup;
  readonly unixTime: () => number;
}

/** Asks seeds by DNS. */
export class DnsSource implements SeedSource {
  constructor(private readonly modules: DnsSourceModules) {}

  async ask(seed: DnsSeed): Promise<number> {
    const { addrman, lookup, network, unixTime } = this.modules;
    const port = seed.port ?? NETWORKS[network].port;
    let added = 0;
    for (const address of await lookup.addresses(seed)) {
      const raw = parseIp(address);
      const time = unixTime() - 3 * DAY - Math.floor(Math.random() * 4 * DAY);
      if (raw !== null && addrman.add({ ...raw, port, services: SERVICES, time }, seedGroup(seed.host)))
        added++;
    }
    return added;
  }

  cancel(): void {
    this.modules.lookup.cancel();
  }
}
