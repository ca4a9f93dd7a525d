import type { EventBus } from '../../lib/event-bus';
import type { MonitorEvents } from '../../metrics/collector';
import { type NetworkName, NETWORKS } from '../../wire/networks';
import { hostIn } from './peer-network';

type Peer = MonitorEvents['announced']['peer'];

/** Names and addresses of this machine, by which one node may be called differently. */
const THIS_MACHINE = '127.0.0.1';

/**
 * Recognises the watched node among the peers of the listener: one that was dialled at the host of its RPC.
 * Where several are, as on a machine with several nodes, it is the one at the network's default port, or none
 * is.
 */
export class WatchedPeer {
  private readonly host: string;
  private readonly defaultPort: string;
  /** Addresses of the peers at the host, by their numbers. */
  private readonly candidates = new Map<number, string>();

  constructor(
    host: string,
    network: NetworkName,
    bus: EventBus<MonitorEvents>,
    /** `host:port` of the node's P2P, where it is known. */
    private readonly peerAddress: string | undefined,
  ) {
    this.host = plain(host);
    this.defaultPort = `:${NETWORKS[network].port}`;
    bus.on('handshake', ({ peer }) => this.note(peer));
    bus.on('disconnected', ({ peer }) => this.candidates.delete(peer.id));
  }

  /** Whether a peer is the watched node, as far as can be told. */
  is(peer: Peer): boolean {
    if (this.peerAddress !== undefined) return peer.address === this.peerAddress;
    if (!this.note(peer)) return false;
    return new Set(this.candidates.values()).size === 1 || peer.address.endsWith(this.defaultPort);
  }

  private note({ id, address, outbound }: Peer): boolean {
    if (!outbound || plain(hostIn(address)) !== this.host) return false;
    this.candidates.set(id, address);
    return true;
  }
}

function plain(host: string): string {
  const lower = host.toLowerCase();
  return lower === 'localhost' || lower === '::1' || /^127\.\d+\.\d+\.\d+$/.test(lower)
    ? THIS_MACHINE
    : lower;
}
