import { BoundedLabels, printableLabel } from '../metrics/bounded-labels';
import type { Emit } from '../metrics/emitter';
import { peerNetworkOf } from '../p2p/peer-network';
import { parseAddress } from './address-key';
import type { FoundNode } from './found-node';
import type { Snapshot } from './snapshot';
import { type AsnOf, churnOf, heightOf, summaryOf } from './summary';

const SERVICES_DIGITS = 16;
const TOLD_DIGITS = 8;

export interface CrawlPointsModules {
  readonly emit: Emit;
  /** The most user agents that become tags. */
  readonly maxUserAgents: number;
  readonly asnOf: AsnOf | undefined;
}

/** Writes the points of crawls: one of `nodes` for each node, and one of `crawls`. */
export class CrawlPoints {
  private readonly userAgents: BoundedLabels;

  constructor(private readonly modules: CrawlPointsModules) {
    this.userAgents = new BoundedLabels(modules.maxUserAgents);
  }

  /** @param last the crawl before, with which the churn is computed */
  write(snapshot: Snapshot, last: Snapshot | null): void {
    const { asnOf, emit } = this.modules;
    const { nodes } = snapshot;
    const crawl = Math.floor(snapshot.startedMs / 1_000);
    const height = heightOf(nodes) ?? 0;
    const joined = last === null ? null : new Set(churnOf(last.nodes, nodes).joined);
    // The most frequent user agents get a tag first, so that the limit cuts off the rare ones.
    for (const label of byFrequency(nodes)) this.userAgents.label(label);
    for (const node of nodes) {
      const endpoint = parseAddress(node.address);
      emit(
        'nodes',
        {
          crawl,
          address: node.address,
          asn: endpoint === null ? undefined : asnOf?.(endpoint),
          version: node.version,
          services: node.services.toString(16).padStart(SERVICES_DIGITS, '0'),
          told_services: node.toldServices?.toString(16).padStart(TOLD_DIGITS, '0'),
          height: node.height,
          behind: height - node.height,
          transport: node.transport,
          latency: node.latencyMs,
          time_offset: node.timeOffset,
          told: node.told,
          is_new: joined?.has(node),
        },
        {
          address_network: peerNetworkOf(node.address) ?? 'not_publicly_routable',
          user_agent: this.userAgents.label(node.userAgent),
        },
      );
    }
    emit('crawls', summaryOf(snapshot, last, asnOf));
  }
}

/** The user agents as labels, the most frequent first. */
function byFrequency(nodes: readonly FoundNode[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { userAgent } of nodes) {
    const label = printableLabel(userAgent);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([label]) => label);
}
