import type { Source } from './source';
import type { Period } from './time';
import { parseWhere } from './where';

/** Points that a run found lost on disk: the bytes of a store or a spool were damaged. */
export interface Damage {
  readonly node: string;
  readonly network: string;
  readonly exporter: string;
  /** When the run started that found it, in milliseconds since the Unix epoch. */
  readonly started: number;
  /** A lower bound. */
  readonly points: number;
}

/** The points that the runs of a period report as lost on disk. The points may be those of an earlier run. */
export async function readDamage(source: Source, { since, until }: Period): Promise<readonly Damage[]> {
  const { columns, rows } = await source.run({
    ...{ series: 'btcdmon', since, until, where: parseWhere('btcdmon', 'damaged > 0') },
    ...{ agg: null, by: [], everyNs: null, limit: 0 },
  });
  const names = ['node', 'network', 'exporter', 'started', 'damaged'];
  const places = names.map((name) => columns.findIndex((column) => column.name === name));
  const found = new Map<string, Damage>();
  for await (const batch of rows)
    for (const row of batch) {
      const [node, network, exporter, started, damaged] = places.map((i) => row[i] ?? '');
      const key = [node, network, exporter, started].map(String).join('\0');
      const points = Math.max(Number(damaged), found.get(key)?.points ?? 0);
      const whose = { node: String(node), network: String(network), exporter: String(exporter) };
      found.set(key, { ...whose, started: Number(started), points });
    }
  return [...found.values()];
}

/** Says of each, in a line, what was lost. */
export function reportDamage(damages: readonly Damage[], write: (line: string) => void): void {
  for (const { node, network, exporter, started, points } of damages) {
    const run = `${node} ${network}, run of ${new Date(started).toISOString()}`;
    write(`${run}: found damaged files of exporter ${exporter}; at least ${points} points are lost there\n`);
  }
}
