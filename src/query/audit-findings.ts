import type { Account } from './audit';
import { allRows } from './result';
import type { Source } from './source';
import type { Period } from './time';

/** A node of a network. */
interface Named {
  readonly node: string;
  readonly network: string;
}

/** Nodes that counted their peers in a period and never had one. */
export async function readLonely(source: Source, { since, until }: Period): Promise<readonly Named[]> {
  const counted = await source.run({
    ...{ series: 'peers', since, until, where: null, everyNs: null, limit: 0 },
    ...{ agg: { fn: 'max', column: 'total_connected' }, by: ['node', 'network'] },
  });
  const rows = await allRows(counted);
  return rows
    .filter((row) => row[2] !== null && Number(row[2]) === 0)
    .map(([node, network]) => ({ node: String(node), network: String(network) }));
}

/** Says of each such node that nothing of the network reached it. */
export function reportLonely(lonely: readonly Named[], write: (line: string) => void): void {
  for (const { node, network } of lonely)
    write(
      `${node} ${network}: had no peer in this period, so that its points tell of no traffic; its log says why, ` +
        'and another network is a frequent reason (--network)\n',
    );
}

/** Says which runs of one node overlap in time: their points can't be told apart. */
export function reportOverlaps(accounts: readonly Account[], write: (line: string) => void): void {
  const overlaps = new Map<string, Named & { readonly started: Set<number> }>();
  for (const { node, network, started } of accounts) {
    if (started.length < 2) continue;
    const key = [node, network].join('\0');
    const { started: all } = overlaps.get(key) ?? { started: new Set<number>() };
    for (const ms of started) all.add(ms);
    overlaps.set(key, { node, network, started: all });
  }
  for (const { node, network, started } of overlaps.values()) {
    const runs = [...started].sort((a, b) => a - b).map((ms) => new Date(ms).toISOString());
    write(
      `${node} ${network}: ${runs.length} runs overlap, of ${runs.join(' and ')}; two processes write under one name ` +
        '(give each its own --node), or a clock was set back between them\n',
    );
  }
}
