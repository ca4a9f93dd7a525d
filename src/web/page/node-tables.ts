import { digits, formatDuration, formatTime, formatValue, known } from './format';
import type { LiveColumn } from './live-table';
import { type PointRow, newestList, numberIn, textIn, timeOf } from './node-queries';

/** The tips of the newest list, each once: the active one first, then the highest. */
export function chainTips(points: readonly PointRow[]): readonly PointRow[] {
  const bySha = new Map(newestList(points).newest.map((point) => [textIn(point, 'sha'), point]));
  const rank = (point: PointRow): number =>
    textIn(point, 'status') === 'active' ? Infinity : (numberIn(point, 'height') ?? 0);
  return [...bySha.values()].sort((a, b) => rank(b) - rank(a) || 0);
}

/** Columns of the chain tips. */
export const TIP_COLUMNS: readonly LiveColumn<PointRow>[] = [
  {
    title: 'Height',
    className: 'number strong',
    text: (tip) => known(numberIn(tip, 'height'), digits),
    order: (tip) => numberIn(tip, 'height'),
  },
  { title: 'Status', text: (tip) => textIn(tip, 'status'), order: (tip) => textIn(tip, 'status') },
  {
    title: 'Branch',
    className: 'number',
    text: (tip) => known(numberIn(tip, 'branch_length'), digits),
    order: (tip) => numberIn(tip, 'branch_length'),
  },
  {
    title: 'Hash',
    className: 'hash block-hash',
    text: (tip) => textIn(tip, 'sha'),
    hint: (tip) => textIn(tip, 'sha'),
    isId: true,
  },
];

/** Columns of the blocks that the listener and the node both had; `now` is the server's time. */
export function clockColumns(now: () => number): readonly LiveColumn<PointRow>[] {
  const ms = (name: string, title: string): LiveColumn<PointRow> => ({
    title,
    className: 'number',
    text: (block) => known(numberIn(block, name), (value) => formatValue(value, 'ms')),
    order: (block) => numberIn(block, name),
  });
  return [
    {
      title: 'Block',
      className: 'hash block-hash',
      text: (block) => textIn(block, 'sha'),
      hint: (block) => textIn(block, 'sha'),
      isId: true,
    },
    {
      title: 'Age',
      className: 'number age',
      text: (block) => formatDuration(now() - timeOf(block)),
      hint: (block) => formatTime(timeOf(block)),
    },
    ms('lag', 'After the listener'),
    ms('announce_lag', 'Announced after'),
  ];
}
