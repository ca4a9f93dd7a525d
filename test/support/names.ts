import dns from 'node:dns';
import { isIP } from 'node:net';
import os from 'node:os';
import { requirement } from './requires';

type Callback = (error: Error | null, address?: unknown, family?: number) => void;

/**
 * Gives addresses to names for all sockets of this process. Meanwhile the system's hosts file and DNS are not
 * asked.
 * @returns a function that ends this
 */
export function nameHosts(names: Readonly<Record<string, readonly string[]>>): () => void {
  const answer = (host: string, options: unknown, callback: Callback): void => {
    const addresses = isIP(host) === 0 ? (names[host.toLowerCase()] ?? []) : [host];
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const wantsAll = (options as { readonly all?: boolean } | undefined)?.all === true;
    process.nextTick(() => {
      const [first] = all;
      if (first === undefined)
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }));
      else if (wantsAll) callback(null, all);
      else callback(null, first.address, first.family);
    });
  };
  const spy = jest
    .spyOn(dns, 'lookup')
    .mockImplementation((host: string, options: unknown, last?: Callback) =>
      answer(host, options, last ?? (options as Callback)),
    );
  return () => spy.mockRestore();
}

/** A link-local address of this machine with its zone, as `fe80::1%eth0`. */
export const linkLocal = requirement(
  'a link-local IPv6 address',
  () => {
    for (const [zone, addresses = []] of Object.entries(os.networkInterfaces()))
      for (const { address, family } of addresses)
        if (family === 'IPv6' && address.toLowerCase().startsWith('fe80:'))
          return `${address.replace(/%.*$/, '')}%${zone}`;
    return null;
  },
  'add one, as in: ip -6 address add fe80::b7c/64 dev eth0',
);
