import { isIP } from 'node:net';
import type { EventBus } from '../../lib/event-bus';
import { type Lookup, systemLookup } from '../../lib/lookup';
import type { MonitorEvents } from '../../metrics/collector';
import { type NetworkName, NETWORKS } from '../../wire/networks';
import { hostIn } from '../../p2p/peer-network';

type Peer = MonitorEvents['announced']['peer'];

/** One of the names and addresses of this machine. A node here may be known by any of them. */
const THIS_MACHINE = '127.0.0.1';

/** What else is known of the node, and how names are looked up. */
interface WatchedPeerOptions {
  /** `host:port` of the node's P2P, where it is known. */
  readonly peerAddress?: string | undefined;
  /** The port of the node's P2P, where it is known; default: the network's. */
  readonly peerPort?: number | undefined;
  readonly lookup?: Lookup;
}

/**
 * Recognises the watched node among the peers of the listener: the one that was dialled at the host of its
 * RPC. If there are several, as on a machine with several nodes, it is the one at the port of the node's P2P
 * (which a tap knows; else the network's default port), or none.
 */
export class WatchedPeer {
  private readonly host: string;
  /** The host, and its addresses where it is a name: a peer is known by its address. */
  private hosts: ReadonlySet<string>;
  private readonly port: string;
  private readonly peerAddress: string | undefined;
  private readonly lookup: Lookup;
  /** All peers that were dialled. */
  private readonly outbound = new Map<number, Peer>();
  /** Addresses of the peers at the host, by their numbers. */
  private readonly candidates = new Map<number, string>();

  constructor(
    host: string,
    network: NetworkName,
    bus: EventBus<MonitorEvents>,
    { peerAddress, peerPort = NETWORKS[network].port, lookup = systemLookup }: WatchedPeerOptions = {},
  ) {
    this.host = plain(host);
    this.hosts = new Set([this.host]);
    this.port = `:${peerPort}`;
    this.peerAddress = peerAddress;
    this.lookup = lookup;
    bus.on('handshake', ({ peer }) => {
      if (!peer.outbound) return;
      this.outbound.set(peer.id, peer);
      this.note(peer);
      void this.lookUp();
    });
    bus.on('disconnected', ({ peer }) => {
      this.outbound.delete(peer.id);
      this.candidates.delete(peer.id);
    });
  }

  /** Whether a peer is the watched node, as far as is known. */
  is(peer: Peer): boolean {
    if (this.peerAddress !== undefined) return peer.address === this.peerAddress;
    if (!this.note(peer)) return false;
    return new Set(this.candidates.values()).size === 1 || peer.address.endsWith(this.port);
  }

  private note({ id, address, outbound }: Peer): boolean {
    if (!outbound || !this.hosts.has(plain(hostIn(address)))) return false;
    this.candidates.set(id, address);
    return true;
  }

  /** Looks the name up with each new peer, because the addresses of a name change. */
  private async lookUp(): Promise<void> {
    const { host } = this;
    if (isIP(host) !== 0 || this.peerAddress !== undefined) return;
    try {
      this.hosts = new Set([host, ...(await this.lookup(host)).map(plain)]);
    } catch {
      // The addresses that it had still count.
      return;
    }
    for (const peer of this.outbound.values()) this.note(peer);
  }
}

function plain(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'localhost' || lower === '::1' || /^127\.\d+\.\d+\.\d+$/.test(lower)
    ? THIS_MACHINE
    : lower;
}
