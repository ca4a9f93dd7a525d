import type { MempoolFacts, TopData } from './data';
import { type Section, line } from './layout';
import { table } from './table';
import { short, whole } from './text';

/** The relay view in one line. */
export function mempoolSection({ mempool }: TopData): Section {
  return {
    head: () => [line(mempool === null ? 'MEMPOOL: not known' : mempoolLine(mempool), 'title')],
    headLines: 1,
    rows: [],
    least: 0,
  };
}

function mempoolLine({ transactions, bytes, orphans, conflicts, heldBack }: MempoolFacts): string {
  const held = heldBack === 0 ? '' : `; ${whole(heldBack)} requests held back`;
  return `MEMPOOL ${whole(transactions)} tx, ${short(bytes)} bytes, ${whole(orphans)} orphans; lately ${whole(conflicts)} conflicts${held}`;
}

/** What became of the points of each exporter. */
export function exportersSection({ exporters, nodes }: TopData, width: number): Section {
  const several = nodes.length > 1;
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
