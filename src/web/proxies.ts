import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** The proxies that are trusted to name their clients in `X-Forwarded-For`. */
export class Proxies {
  private readonly list = new BlockList();

  /** @param places addresses, or networks such as `10.0.0.0/8`, that {@link isProxyPlace} accepts */
  constructor(places: readonly string[]) {
    for (const place of places) {
      const [address = '', bits] = place.split('/');
      if (bits === undefined) this.list.addAddress(address, familyOf(address));
      else this.list.addSubnet(address, Number(bits), familyOf(address));
    }
  }

  /**
   * The client's address: the other end of the connection or, if that is a trusted proxy, the last address in
   * `X-Forwarded-For` that is not a trusted proxy. Each proxy appends the address that it heard from;
   * everything before that could be forged.
   */
  clientOf(request: IncomingMessage): string {
    let client = plain(request.socket.remoteAddress ?? '');
    const named = request.headers['x-forwarded-for'] ?? '';
    // Node.js joins several of these headers with commas, although its types allow an array.
    const hops = (typeof named === 'string' ? named : named.join(',')).split(',');
    while (this.trusts(client)) {
      const hop = addressIn(hops.pop() ?? '');
      if (hop === null) break;
      client = hop;
    }
    return client;
  }

  /** Whether an address, as the socket reports it, is a trusted proxy. */
  trusts(told: string): boolean {
    const address = plain(told);
    return isIP(address) !== 0 && this.list.check(address, familyOf(address));
  }
}

/** Whether a text is an address, or an address with a prefix length. */
export function isProxyPlace(text: string): boolean {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 6 ? 128 : 32);
}

/** The address in an entry, which some proxies write with a port; null if there is none, as in `unknown`. */
function addressIn(entry: string): string | null {
  const text = entry.trim();
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? null : plain(bare);
}

/** Converts an IPv4-mapped IPv6 address to IPv4. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
