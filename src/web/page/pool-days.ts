import type { PanelAnswer, QueryAnswer } from './api-types';
import { el } from './dom';
import { UNKNOWN, digits, formatValue } from './format';

/** Pools that have a row of their own; the smaller ones are added up. */
const MOST_POOLS = 15;

const DAY_MS = 86_400_000;

/** What is counted of a pool. */
export interface PoolDays {
  readonly pool: string;
  readonly blocks: number;
  readonly empty: number;
  /** Its blocks of each day, in the order of {@link PoolTable.days}. */
  readonly byDay: readonly number[];
}

/** The blocks by pool and day. */
export interface PoolTable {
  /** Midnights in UTC, Unix milliseconds, ascending. */
  readonly days: readonly number[];
  /** The largest first, then the others together. */
  readonly pools: readonly PoolDays[];
  readonly all: PoolDays;
  /** Mean time between a block and its parent of each day, in milliseconds; null where it is not known. */
  readonly between: readonly (number | null)[];
}

/** The answers of which the table is made. */
export interface PoolAnswers {
  /** That of the panels `pool-blocks` and `empty-blocks`. */
  readonly blocks: Pick<PanelAnswer, 'columns' | 'rows'>;
  readonly empty: Pick<PanelAnswer, 'columns' | 'rows'>;
  /** The mean of `since_parent` by day. */
  readonly between: Pick<QueryAnswer, 'columns' | 'rows'>;
}

/** Counts the blocks of each pool by day. */
export function poolTable({ blocks, empty, between }: PoolAnswers): PoolTable {
  const found = countsOf(blocks);
  const days = [...new Set(found.map(({ dayMs }) => dayMs))].sort((a, b) => a - b);
  const emptyOf = new Map<string, number>();
  for (const { pool, count } of countsOf(empty)) emptyOf.set(pool, (emptyOf.get(pool) ?? 0) + count);
  const byPool = new Map<string, number[]>();
  for (const { pool, dayMs, count } of found) {
    const row = byPool.get(pool) ?? days.map(() => 0);
    byPool.set(pool, row);
    const at = days.indexOf(dayMs);
    row[at] = (row[at] ?? 0) + count;
  }
  const pools = [...byPool]
    .map(([pool, byDay]) => ({ pool, byDay, blocks: sum(byDay), empty: emptyOf.get(pool) ?? 0 }))
    .sort((a, b) => b.blocks - a.blocks || (a.pool < b.pool ? -1 : 1));
  const small = pools.slice(MOST_POOLS);
  const means = new Map(
    rowsOf(between).map(({ time, value }) => [dayOf(Number(time)), value === null ? null : Number(value)]),
  );
  return {
    days,
    pools: [
      ...pools.slice(0, MOST_POOLS),
      ...(small.length === 0 ? [] : [together(`${small.length} smaller pools`, small, days)]),
    ],
    all: together('All', pools, days),
    between: days.map((day) => means.get(day) ?? null),
  };
}

/** The table as it is shown. */
export function poolTableElement({ days, pools, all, between }: PoolTable): HTMLElement {
  const row = ({ pool, blocks, empty, byDay }: PoolDays): HTMLElement =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, pool),
      shareCell(blocks, all.blocks),
      el('td', { class: 'number' }, digits(empty)),
      ...byDay.map((count, at) => shareCell(count, all.byDay[at] ?? 0)),
    );
  return el(
    'table',
    { class: 'data live pools' },
    el('caption', { class: 'unseen' }, 'Blocks by mining pool and day'),
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        el('th', { scope: 'col' }, 'Pool'),
        ...['Blocks', 'Empty', ...days.map(dayName)].map((head) =>
          el('th', { scope: 'col', class: 'number' }, head),
        ),
      ),
    ),
    el(
      'tbody',
      {},
      ...pools.map(row),
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, all.pool),
        ...[all.blocks, all.empty, ...all.byDay].map((count) => el('td', { class: 'number' }, digits(count))),
      ),
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, 'Mean time between blocks'),
        el('td'),
        el('td'),
        ...between.map((ms) => el('td', { class: 'number' }, ms === null ? UNKNOWN : formatValue(ms, 'ms'))),
      ),
    ),
  );
}

/** A count, its share, and a bar as long as that. */
function shareCell(count: number, of: number): HTMLElement {
  const share = of === 0 ? 0 : count / of;
  const cell = el(
    'td',
    { class: 'number share' },
    el('data', { value: count }, digits(count)),
    el(
      'small',
      { class: 'muted' },
      of === 0 ? '' : formatValue(Number((100 * share).toPrecision(3)), 'percent'),
    ),
  );
  cell.style.setProperty('--share', `${(100 * share).toFixed(1)}%`);
  return cell;
}

function together(pool: string, of: readonly PoolDays[], days: readonly number[]): PoolDays {
  return {
    pool,
    blocks: sum(of.map(({ blocks }) => blocks)),
    empty: sum(of.map(({ empty }) => empty)),
    byDay: days.map((_, at) => sum(of.map(({ byDay }) => byDay[at] ?? 0))),
  };
}

function countsOf(
  answer: Pick<PanelAnswer, 'columns' | 'rows'>,
): readonly { readonly pool: string; readonly dayMs: number; readonly count: number }[] {
  return rowsOf(answer).flatMap(({ time, pool, value }) =>
    value === null ? [] : [{ pool, dayMs: dayOf(Number(time)), count: Number(value) }],
  );
}

/** The time, the pool and the value of each row: the value is the last column. */
function rowsOf({ columns, rows }: Pick<PanelAnswer, 'columns' | 'rows'>) {
  const at = (name: string): number => columns.findIndex((column) => column.name === name);
  const [time, pool] = [at('time'), at('pool')];
  return rows.map((row) => ({
    time: row[time] ?? null,
    pool: String(row[pool] ?? ''),
    value: row.at(-1) ?? null,
  }));
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

/** `01-31`. */
function dayName(ms: number): string {
  return new Date(ms).toISOString().slice(5, 10);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
