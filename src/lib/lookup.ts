import { lookup } from 'node:dns/promises';

/**
 * Finds the addresses of a host name, IPv4 and IPv6, in the order in which they are to be tried. Rejects
 * where there are none.
 */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Asks the system, which looks in its hosts file and asks DNS. */
export const systemLookup: Lookup = async (host) => {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
};

/** The same addresses, with `first` at the front where it is one of them. */
export function startingWith(first: string | undefined, addresses: readonly string[]): readonly string[] {
  if (first === undefined || !addresses.includes(first)) return addresses;
  return [first, ...addresses.filter((address) => address !== first)];
}
