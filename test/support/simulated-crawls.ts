import { mulberry32 } from '../../scripts/support/random';
import { CrawlPoints } from '../../src/crawl/crawl-points';
import type { FoundNode } from '../../src/crawl/found-node';
import type { Snapshot } from '../../src/crawl/snapshot';
import type { AsnOf } from '../../src/crawl/summary';
import { formatHost } from '../../src/p2p/join/host';
import type { Point } from '../../src/metrics/point';

/** How long a simulated crawl takes. */
export const SIMULATED_CRAWL_MS = 300_000;

/** The number of nodes by user agent, of a hundred. The numbers are made up. */
const AGENTS: readonly (readonly [share: number, userAgent: string])[] = [
  [30, '/Satoshi:31.0.0/'],
  [22, '/Satoshi:30.2.0/'],
  [14, '/Satoshi:29.3.0/Knots:20260507/'],
  [12, '/Satoshi:29.0.0/'],
  [9, '/Satoshi:28.1.0/'],
  [6, '/Satoshi:27.0.0/'],
  [4, '/Satoshi:25.0.0/'],
  [2, '/btcwire:0.5.0/btcd:0.26.0/'],
  [1, '/bcoin:2.2.0/'],
];

/** A node that is there in some of the crawls: it stays for hours, and is away for hours. */
function nodeOf(index: number, random: () => number): FoundNode {
  const isOnion = index % 5 < 2;
  // The operators of hosting have many nodes, others a few.
  const block = Math.floor(random() ** 3 * 200);
  const ip = Buffer.of(60 + (block >> 2), block & 255, index >> 8, index & 255);
  const host = isOnion
    ? (formatHost({ network: 'torv3', address: Buffer.alloc(32, String(index)) }) ?? '')
    : ip.join('.');
  let share = random() * 100;
  const [, userAgent = ''] = AGENTS.find(([part]) => (share -= part) < 0) ?? [];
  return {
    ...{
      address: `${host}:8333`,
      time: 0,
      version: 70_016,
      services: 3_081n,
      toldServices: 3_081n,
      userAgent,
    },
    ...{ height: 920_000, transport: index % 4 === 0 ? 'v1' : 'v2', timeOffset: 0, told: 1_000 },
    latencyMs: (isOnion ? 600 : 30) * (0.5 + random() * 2),
  };
}

const asnOf: AsnOf = ({ network, address }) =>
  network === 'ipv4' ? 1_000 + (address[0] ?? 0) * 4 + ((address[1] ?? 0) & 3) : undefined;

/**
 * The points of crawls of a network that does not exist: from one to the next 4 % of the nodes leave and
 * about as many come. The first crawl began at `startMs`, in Unix milliseconds.
 */
export function simulatedCrawls({
  startMs,
  everyMs,
  crawls,
  nodes,
}: {
  readonly startMs: number;
  readonly everyMs: number;
  readonly crawls: number;
  readonly nodes: number;
}): readonly Point[] {
  const random = mulberry32(14);
  const all = Array.from({ length: nodes }, (_, i) => nodeOf(i, random));
  let isThere = all.map(() => random() < 0.8);
  const points: Point[] = [];
  let last: Snapshot | null = null;
  let timeNs = 0n;
  const writer = new CrawlPoints({
    emit: (series, fields, tags) => {
      const defined = Object.entries(tags ?? {}).filter(
        (tag): tag is [string, string] => tag[1] !== undefined,
      );
      const all = { node: 'simulated', network: 'mainnet', ...Object.fromEntries(defined) };
      points.push({ series, time: timeNs++, tags: all, fields });
    },
    ...{ maxUserAgents: 200, asnOf },
  });
  for (let crawl = 0; crawl < crawls; crawl++) {
    const startedMs = startMs + crawl * everyMs;
    const found = all
      .filter((_, i) => isThere[i] === true)
      .map((node) => ({ ...node, height: node.height + crawl * 6, time: Math.floor(startedMs / 1_000) }));
    const counts = { known: 5 * nodes, excluded: 0, dropped: 0, tried: 5 * nodes };
    const snapshot: Snapshot = {
      ...{ network: 'mainnet', startedMs, endedMs: startedMs + SIMULATED_CRAWL_MS, counts, nodes: found },
    };
    timeNs = BigInt(snapshot.endedMs) * 1_000_000n;
    writer.write(snapshot, last);
    last = snapshot;
    isThere = isThere.map((there) => (there ? random() >= 0.04 : random() < 0.16));
  }
  return points;
}
