import { asciiLine } from '../../lib/ascii-line';
import { BoundedLabels, printableLabel } from '../../metrics/bounded-labels';
import type { FieldsOf } from '../../metrics/schema';
import type { NodePeer } from '../answers';
import type { CommandBytes } from './command-bytes';
import { GAUGE_SAVED_MS, PacedTask } from './paced-task';
import type { ListModules } from './part-modules';
import { peerGauges } from './peer-gauges';
import { watchedNetworkOf } from './watched-network';
import type { WatchPart, WatchTask } from './watch-task';

/** The most peers of a node that are followed; nodes have some hundreds at most. */
const MAX_PEERS = 2_000;

/** How often each peer gets a point of `node_peers`. */
const PEERS_EVERY_MS = 60_000;

/** The longest address: 62 characters of Tor, and a port. */
const MAX_ADDRESS = 80;

/** Nodes give feerates in satoshi per 1,000 vbytes. */
const VBYTES = 1_000;

interface NodePeersModules extends ListModules {
  readonly maxUserAgents: number;
  /** The number of peers, for a node whose user may not ask for the peers. */
  readonly connections: () => number | undefined;
  /** The gauges that are about addresses. */
  readonly addresses: () => FieldsOf<'peers'>;
  /** Gets the bytes of the peers by command; undefined where something else tells them. */
  readonly bytes: CommandBytes | undefined;
}

/** `peers`, `node_peers` and `peer_sessions`: the peers that a node has (getpeerinfo). */
export class NodePeers implements WatchPart {
  readonly name = 'peers of the watched node';
  readonly tasks: readonly WatchTask[];
  private readonly userAgents: BoundedLabels;
  /** The peers of the last answer, by what tells their connections apart. */
  private connected: ReadonlyMap<string, NodePeer> = new Map();
  private isFresh = false;
  private toldMs = -Infinity;

  constructor(private readonly modules: NodePeersModules) {
    const { clock, maxUserAgents } = modules;
    this.userAgents = new BoundedLabels(maxUserAgents);
    this.tasks = [
      new PacedTask(
        'getpeerinfo',
        { clock, every: 'interval', share: 0.0075, savedMs: GAUGE_SAVED_MS },
        async ({ calls }) => {
          const peers = await calls.peers();
          if (peers !== undefined) this.answered(peers);
        },
      ),
    ];
  }

  interval(isUp: boolean): void {
    if (!isUp) return;
    const { emit, connections, addresses } = this.modules;
    const gauges = this.isFresh
      ? peerGauges([...this.connected.values()])
      : { total_connected: connections() };
    if (gauges.total_connected !== undefined) emit('peers', { ...gauges, ...addresses() });
  }

  /** The peers themselves are kept: those that a restart of the node has ended get their points then. */
  forget(): void {
    this.isFresh = false;
  }

  private answered(peers: readonly NodePeer[]): void {
    const nowS = Number(this.modules.clock.uniqueNs() / 1_000_000n) / 1_000;
    const connected = new Map<string, NodePeer>();
    for (const peer of peers.slice(0, MAX_PEERS)) {
      // A peer whose version has not come yet.
      if ((peer.version ?? 0) === 0) continue;
      const key = `${peer.id ?? ''} ${peer.connectedAt ?? ''} ${peer.address ?? ''}`;
      if (!this.connected.has(key)) this.tellHandshake(peer);
      connected.set(key, peer);
    }
    for (const [key, peer] of this.connected) if (!connected.has(key)) this.tellSession(peer, nowS);
    this.modules.bytes?.listed(connected);
    this.connected = connected;
    this.isFresh = true;
    const nowMs = this.modules.clock.monotonicMs();
    if (nowMs - this.toldMs < PEERS_EVERY_MS) return;
    this.toldMs = nowMs;
    this.modules.together(() => {
      for (const peer of connected.values()) this.tellPeer(peer, nowS);
    });
  }

  private tellHandshake({ version, services, startHeight, relaysTransactions, userAgent }: NodePeer): void {
    this.modules.emit(
      'peers',
      { version, services: hexOf(services), start_height: startHeight, relay: relaysTransactions },
      { user_agent: this.userAgents.label(userAgent ?? '') },
    );
  }

  private tellSession(peer: NodePeer, nowS: number): void {
    this.modules.emit('peer_sessions', {
      ...identityOf(peer),
      bytes_recv: peer.bytesReceived,
      bytes_sent: peer.bytesSent,
      duration: ageOf(peer, nowS),
    });
  }

  private tellPeer(peer: NodePeer, nowS: number): void {
    this.modules.emit('node_peers', {
      ...identityOf(peer),
      connection_type: peer.connectionType === undefined ? undefined : asciiLine(peer.connectionType),
      version: peer.version,
      services: hexOf(peer.services),
      start_height: peer.startHeight,
      height: peer.height,
      bytes_recv: peer.bytesReceived,
      bytes_sent: peer.bytesSent,
      ping: peer.pingMs,
      ban_score: peer.banScore,
      fee_filter: peer.feeFilter === undefined ? undefined : peer.feeFilter / VBYTES,
      time_offset: peer.timeOffset === undefined ? undefined : Math.round(peer.timeOffset),
      transport: peer.transport,
      age: ageOf(peer, nowS),
    });
  }
}

/** The columns that identify a peer. */
function identityOf(peer: NodePeer) {
  return {
    address: asciiLine(peer.address ?? '', MAX_ADDRESS),
    address_network: watchedNetworkOf(peer),
    is_inbound: peer.isInbound,
    user_agent: printableLabel(peer.userAgent ?? ''),
  };
}

/** Whole seconds since it connected. */
function ageOf({ connectedAt }: NodePeer, nowS: number): number | undefined {
  return connectedAt === undefined ? undefined : Math.max(0, Math.floor(nowS - connectedAt));
}

/** The 64 service bits as 16 hexadecimal digits. */
function hexOf(services: bigint | undefined): string | undefined {
  return services?.toString(16).padStart(16, '0');
}
