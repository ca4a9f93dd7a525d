import { Resolver } from 'node:dns/promises';
import { messageOf } from '../../lib/errors';
import { type DnsSeed, WANTED_SERVICES } from './dns-seeds';

/** The most addresses that one seed may give; Core 31 `src/net.cpp` ThreadDNSAddressSeed nMaxIPs. */
const MAX_ADDRESSES = 32;

/** How long a DNS server may take, and how often it is tried. */
const TIMEOUT_MS = 5_000;
const TRIES = 2;

/** Looks up DNS seeds. */
export class SeedLookup {
  private readonly resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });

  /** @param server `IP:port` of a DNS server; default: the system's */
  constructor(server?: string) {
    if (server !== undefined) this.resolver.setServers([server]);
  }

  /**
   * The IPv4 and IPv6 addresses of a seed, at most 32.
   * @throws Error with the reason if there are none
   */
  async addresses({ host, filters }: DnsSeed): Promise<string[]> {
    if (filters) {
      const filtered = await this.resolve(`${WANTED_SERVICES}.${host}`).catch(() => []);
      if (filtered.length > 0) return filtered;
    }
    return this.resolve(host);
  }

  /** Cancels all running queries, which then fail. */
  cancel(): void {
    this.resolver.cancel();
  }

  private async resolve(name: string): Promise<string[]> {
    const answers = await Promise.allSettled([this.resolver.resolve4(name), this.resolver.resolve6(name)]);
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const [failure] = answers;
    if (addresses.length === 0)
      throw new Error(failure.status === 'rejected' ? messageOf(failure.reason) : `${name} names no address`);
    return addresses.slice(0, MAX_ADDRESSES);
  }
}
