import { type Section, line } from './layout';
import { type TableColumn, table } from './table';
import { age, millis, short, whole } from './text';
import type { Picture } from './view';

/** Hashes begin with zeros, so their end identifies a block. */
const HASH_TAIL = 12;

const COLUMNS: readonly TableColumn[] = [
  { title: 'height', right: true },
  { title: 'hash' },
  { title: 'tx', right: true },
  { title: 'bytes', right: true },
  { title: 'fees (BTC)', right: true },
  { title: 'check ms', right: true },
  { title: 'ago', right: true },
  { title: 'status', least: 6 },
];

/** The last blocks that were judged. */
export function blocksSection({ data, nowMs }: Picture, width: number): Section {
  const [titles = '', ...rows] = table(
    COLUMNS,
    data.blocks.map((block) => [
      block.height === null ? '-' : String(block.height),
      `..${block.sha.slice(-HASH_TAIL)}`,
      whole(block.numTx),
      short(block.size),
      block.totalFees === null ? '-' : (block.totalFees / 1e8).toFixed(4),
      millis(block.processMs),
      age(nowMs - block.timeMs),
      block.status,
    ]),
    width,
  );
  if (rows.length === 0)
    return { head: () => [line('BLOCKS: none yet', 'title')], headLines: 1, rows: [], least: 0 };
  return {
    head: () => [line('BLOCKS', 'title'), line(titles, 'faint')],
    headLines: 2,
    rows: rows.map((text) => line(text)),
    least: 3,
  };
}
