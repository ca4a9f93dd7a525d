import type { Cell } from '../../../src/web/page/api-types';
import { poolTable } from '../../../src/web/page/pool-days';

const DAY = 86_400_000;
const FIRST = 19_000 * DAY;

function answer(names: readonly string[], rows: readonly (readonly Cell[])[]) {
  return { columns: names.map((name) => ({ name, type: name === 'time' ? 'time' : 'int' }) as const), rows };
}

it('counts the blocks of each pool by day, those that are empty, and the time between them', () => {
  const blocks = answer(
    ['time', 'pool', 'blocks'],
    [
      [FIRST, 'AntPool', 3],
      [FIRST, 'ViaBTC', 2],
      [FIRST + DAY, 'ViaBTC', 4],
      [FIRST + DAY, 'unknown', null],
    ],
  );
  const empty = answer(
    ['time', 'pool', 'empty'],
    [
      [FIRST, 'ViaBTC', 1],
      [FIRST + DAY + 7_200_000, 'ViaBTC', 1],
      [FIRST + DAY + 9_200_000, 'AntPool', 0],
    ],
  );
  const between = answer(['time', 'mean'], [[FIRST, 600_000]]);
  expect(poolTable({ blocks, empty, between })).toEqual({
    days: [FIRST, FIRST + DAY],
    pools: [
      { pool: 'ViaBTC', blocks: 6, empty: 2, byDay: [2, 4] },
      { pool: 'AntPool', blocks: 3, empty: 0, byDay: [3, 0] },
    ],
    all: { pool: 'All', blocks: 9, empty: 2, byDay: [5, 4] },
    between: [600_000, null],
  });
});

it('adds up the smaller pools, and has nothing of nothing', () => {
  const rows = Array.from({ length: 20 }, (_, i): readonly Cell[] => [FIRST, `pool ${i}`, 20 - i]);
  const none = answer(['time', 'pool', 'empty'], []);
  const blocks = answer(['time', 'pool', 'blocks'], rows);
  const { pools, all } = poolTable({ blocks, empty: none, between: none });
  expect(pools.map(({ pool }) => pool)).toEqual([
    ...Array.from({ length: 15 }, (_, i) => `pool ${i}`),
    '5 smaller pools',
  ]);
  expect(pools.at(-1)).toMatchObject({ blocks: 15, byDay: [15] });
  expect(all.blocks).toBe(210);
  expect(poolTable({ blocks: none, empty: none, between: none })).toMatchObject({ days: [], pools: [] });
});
