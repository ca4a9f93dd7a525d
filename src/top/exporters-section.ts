import type { MempoolFigures, TopData } from './data';
import { type Section, line } from './layout';
import { table } from './table';
import { short, whole } from './text';

/** The relay view in one line. */
export function mempoolSection({ mempool, nodes }: TopData): Section {
  const of = nodes.length > 1 ? ' of the node with the most:' : '';
  const text = mempool === null ? 'MEMPOOL: not known' : `MEMPOOL${of} ${mempoolText(mempool)}`;
  return {
    head: () => [line(text, 'title')],
    headLines: 1,
    rows: [],
    least: 0,
  };
}

function mempoolText({ transactions, bytes, orphans, conflicts, heldBack }: MempoolFigures): string {
  const held = heldBack === 0 ? '' : `, not requested ${whole(heldBack)}`;
  return `tx ${whole(transactions)}, bytes ${short(bytes)}, orphans ${whole(orphans)}; lately: conflicts ${whole(conflicts)}${held}`;
}

/** The counts of each exporter. */
export function exportersSection({ exporters: all, nodes }: TopData, width: number): Section {
  const several = nodes.length > 1;
  // If there is no room for all, the exporters that lose points come first.
  const exporters = [...all].sort((a, b) => b.droppedNow - a.droppedNow || b.dropped - a.dropped);
  const [titles = '', ...rows] = table(
    [
      { title: 'EXPORT', least: 10 },
      { title: 'acked', right: true },
      { title: 'queued', right: true },
      { title: 'spooled', right: true },
      { title: 'retried', right: true },
      { title: 'dropped', right: true },
    ],
    exporters.map(({ node, name, acked, queued, spooled, retried, dropped }) => [
      several ? `${node} ${name}` : name,
      ...[acked, queued].map(short),
      spooled === undefined ? '-' : short(spooled),
      ...[retried, dropped].map(short),
    ]),
    width,
  );
  return {
    head: () => [line(exporters.length === 0 ? 'EXPORT: no exporter is known' : titles, 'title')],
    headLines: 1,
    rows: rows.map((text, i) => line(text, (exporters[i]?.droppedNow ?? 0) > 0 ? 'alert' : 'plain')),
    least: 1,
  };
}
