import type { Connection } from '../connection';
import type { PeerInfo } from '../p2p-events';
import { type TransportMode, transportToDial, UNTRIED } from '../transport/choice';
import type { TransportName } from '../transport/transport';
import { NETWORKS, type NetworkName } from '../../wire/networks';
import type { AddressManager } from './address-manager';
import type { DnsSeed } from './dns-seeds';
import type { SeedSource } from './seed-source';

/** How long a node of a seed may take to send addresses after its handshake. */
const PATIENCE_MS = 60_000;

/** A message with one address is an announcement of the node itself, and no answer to our `getaddr`. */
const LEAST_ADDRESSES = 2;

export interface SeedPeersModules {
  readonly network: NetworkName;
  readonly addrman: Pick<AddressManager, 'size'>;
  /** Dials a name by the proxy; null if there is a connection to it. */
  readonly open: (host: string, port: number, dialBy: TransportName) => Connection | null;
  readonly mode: TransportMode;
}

/**
 * Asks seeds if only a proxy may resolve names. The proxy connects to a node of the seed, and that node is
 * asked for addresses once, as by Core (`src/net.cpp` AddAddrFetch). DNS is not asked.
 */
export class SeedPeers implements SeedSource {
  /** The connections to nodes of seeds that have not sent addresses yet. */
  private readonly asked = new Map<number, Connection>();

  constructor(private readonly modules: SeedPeersModules) {}

  async ask({ host, port }: DnsSeed): Promise<number> {
    const { addrman, mode, network } = this.modules;
    const before = addrman.size;
    const at = port ?? NETWORKS[network].port;
    const first = transportToDial(mode, UNTRIED);
    let reason = await this.fetch(host, at, first);
    if (reason === 'plain-transport' && mode === 'auto') reason = await this.fetch(host, at, 'v1');
    if (reason !== null) throw new Error(reason);
    return Math.max(0, addrman.size - before);
  }

  cancel(): void {
    // The connections end with the pool.
  }

  /** Notes that a peer sent addresses; to be called after they were taken. */
  learned(peer: PeerInfo, count: number): void {
    const connection = this.asked.get(peer.id);
    if (count < LEAST_ADDRESSES || connection === undefined) return;
    this.asked.delete(peer.id);
    connection.close('stopped');
  }

  /** Connects to a node of a seed until it has sent addresses. Returns why it has not; null if it has. */
  private async fetch(host: string, port: number, dialBy: TransportName): Promise<string | null> {
    const connection = this.modules.open(host, port, dialBy);
    if (connection === null) return 'duplicate';
    const timer = setTimeout(() => connection.close('stopped'), PATIENCE_MS);
    this.asked.set(connection.id, connection);
    const reason = await connection.closed;
    clearTimeout(timer);
    const isAnswered = !this.asked.delete(connection.id);
    if (isAnswered) return null;
    return reason === 'stopped' ? 'its node sent no addresses' : reason;
  }
}
