import { formatHost, parseHost } from '../p2p/join/host';
import { hostIn } from '../p2p/peer-network';

/** What a run knew of an address besides what follows from it. */
export interface KnownOrigin {
  /** The number of its autonomous system, where a map told it. */
  readonly asn?: number | undefined;
  /** The names of the user's lists that have it. */
  readonly labels?: readonly string[] | undefined;
}

/** What a run knew of the addresses of the connections that are open. */
export class KnownOrigins {
  private readonly byHost = new Map<string, { readonly origin: KnownOrigin; connections: number }>();

  /** Notes a connection with the address `host:port`. */
  add(address: string, origin: KnownOrigin): void {
    const host = hostOf(address);
    const known = this.byHost.get(host);
    if (known === undefined) this.byHost.set(host, { origin, connections: 1 });
    else known.connections += 1;
  }

  /** Forgets a connection. */
  delete(address: string): void {
    const host = hostOf(address);
    const known = this.byHost.get(host);
    if (known !== undefined && --known.connections === 0) this.byHost.delete(host);
  }

  /** What is known of a host: an IP, or a name of Tor or I2P. */
  of(host: string): KnownOrigin {
    return this.byHost.get(normal(host))?.origin ?? {};
  }
}

function hostOf(address: string): string {
  return normal(hostIn(address));
}

/** An IP has several forms. */
function normal(host: string): string {
  const raw = parseHost(host);
  return (raw === null ? null : formatHost(raw)) ?? host;
}
