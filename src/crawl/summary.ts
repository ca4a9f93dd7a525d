import { quantile } from '../lib/quantile';
import type { FieldsOf } from '../metrics/schema';
import type { AsMap } from '../p2p/asmap/asmap';
import type { RawEndpoint } from '../p2p/join/reachability';
import { netgroupOf } from '../p2p/join/netgroup';
import { type PeerNetwork, peerNetworkOf } from '../p2p/peer-network';
import { NODE_NETWORK, NODE_NETWORK_LIMITED, NODE_P2P_V2 } from '../wire/services';
import { parseAddress } from './address-key';
import type { FoundNode } from './found-node';
import type { Snapshot } from './snapshot';

/** The share of nodes that claim no more than the height of the network. */
const HEIGHT_SHARE = 0.9;

/**
 * A node is behind if it lacks more blocks than this. One that lacks fewer has only missed the last block.
 */
const BEHIND_BLOCKS = 2;

/** What others tell of a node has no more bits. */
const LOW_BITS = 0xffff_ffffn;

/** The number of the autonomous system of an address; undefined where it is not known. */
export type AsnOf = (endpoint: RawEndpoint) => number | undefined;

/** Asks a map of autonomous systems; undefined without one. */
export function asnBy(asMap: AsMap | undefined): AsnOf | undefined {
  return asMap === undefined ? undefined : (endpoint) => asMap.asnOf(endpoint);
}

/**
 * The height of the network: nine in ten nodes claim no more. Undefined without nodes. So nodes that are
 * behind lower it little, and false claims of a few don't raise it.
 */
export function heightOf(nodes: readonly FoundNode[]): number | undefined {
  const heights = nodes.map(({ height }) => height).sort((a, b) => a - b);
  return quantile(heights, HEIGHT_SHARE);
}

/** The nodes that joined since an earlier snapshot, and those that left, by their addresses. */
interface Churn {
  readonly joined: readonly FoundNode[];
  readonly left: readonly FoundNode[];
}

/** The churn between two lists of nodes. */
export function churnOf(earlier: readonly FoundNode[], later: readonly FoundNode[]): Churn {
  const before = new Set(earlier.map(({ address }) => address));
  const after = new Set(later.map(({ address }) => address));
  return {
    joined: later.filter(({ address }) => !before.has(address)),
    left: earlier.filter(({ address }) => !after.has(address)),
  };
}

/** The totals of a crawl, as the point of `crawls`. */
export function summaryOf(snapshot: Snapshot, last: Snapshot | null, asnOf?: AsnOf): FieldsOf<'crawls'> {
  const { counts, nodes } = snapshot;
  const networks: Record<PeerNetwork, number> = {
    ...{ ipv4: 0, ipv6: 0, onion: 0, i2p: 0, cjdns: 0, not_publicly_routable: 0 },
  };
  const systems = new Tally<number>();
  const netgroups = new Tally<string>();
  for (const { address } of nodes) {
    const network = peerNetworkOf(address);
    if (network !== undefined) networks[network] += 1;
    const endpoint = parseAddress(address);
    if (endpoint === null) continue;
    netgroups.add(netgroupOf(snapshot.network, endpoint));
    const asn = asnOf?.(endpoint);
    if (asn !== undefined) systems.add(asn);
  }
  const height = heightOf(nodes);
  const latencies = nodes.flatMap(({ latencyMs }) => latencyMs ?? []).sort((a, b) => a - b);
  const churn = last === null ? null : churnOf(last.nodes, nodes);
  const count = (is: (node: FoundNode) => boolean): number => nodes.filter(is).length;
  return {
    crawl: Math.floor(snapshot.startedMs / 1_000),
    duration: (snapshot.endedMs - snapshot.startedMs) / 1_000,
    ...counts,
    reachable: nodes.length,
    ...networks,
    encrypted: count(({ transport }) => transport === 'v2'),
    claims_encrypted: count(({ services }) => claims(services, NODE_P2P_V2)),
    full: count(({ services }) => claims(services, NODE_NETWORK)),
    pruned: count(
      ({ services }) => claims(services, NODE_NETWORK_LIMITED) && !claims(services, NODE_NETWORK),
    ),
    other_services: count(hasOtherServices),
    height,
    behind: count((node) => node.height < (height ?? 0) - BEHIND_BLOCKS),
    ...(asnOf === undefined
      ? {}
      : { autonomous_systems: systems.size, largest_as: systems.largest, as_entropy: systems.entropy }),
    netgroups: netgroups.size,
    largest_netgroup: netgroups.largest,
    latency_p50: quantile(latencies, 0.5),
    latency_p90: quantile(latencies, 0.9),
    joined: churn?.joined.length,
    departed: churn?.left.length,
  };
}

function claims(services: bigint, bit: bigint): boolean {
  return (services & bit) !== 0n;
}

function hasOtherServices({ services, toldServices }: FoundNode): boolean {
  return toldServices !== undefined && (services & LOW_BITS) !== toldServices;
}

/** Counts things by what they have in common. */
class Tally<T> {
  private readonly counts = new Map<T, number>();
  private total = 0;

  /** Number of different ones. */
  get size(): number {
    return this.counts.size;
  }

  /** The largest count; 0 without any. */
  get largest(): number {
    let most = 0;
    for (const count of this.counts.values()) most = Math.max(most, count);
    return most;
  }

  /** Shannon entropy in bits. */
  get entropy(): number {
    let bits = 0;
    for (const count of this.counts.values()) bits -= (count / this.total) * Math.log2(count / this.total);
    // Without the sign that the difference of equal numbers has.
    return Math.abs(bits);
  }

  add(item: T): void {
    this.counts.set(item, (this.counts.get(item) ?? 0) + 1);
    this.total += 1;
  }
}
