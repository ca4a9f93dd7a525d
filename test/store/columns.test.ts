import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { StoreWriter } from '../../src/store/writer';
import type { FieldValue, Point } from '../../src/metrics/point';
import { type SeriesName, columnNames, seriesOf, tagNames } from '../../src/metrics/schema';
import type { ColumnType } from '../../src/metrics/schema-types';
import { StoreProcess } from '../../src/store/process/store-process';
import { Cleanup } from '../support/cleanup';

/** More than two chunks of DuckDB, and no multiple of eight. */
const POINTS = 4_999;

const START = 1_700_000_000_000_000_000n;

/** Together they have every type, and columns that few points have. */
const SERIES: readonly SeriesName[] = ['tx', 'tx_outputs', 'btcdmon', 'peers'];

const EXTREMES = [
  0,
  -0,
  1,
  -1,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  -(2 ** 32),
];
const INTS = [...EXTREMES, 2 ** 53 - 1, 1 - 2 ** 53, -(2 ** 33) - 5];
/** Without -0, which DuckDB's compression sometimes turns into 0. */
const FLOATS = [...EXTREMES.filter((value) => !Object.is(value, -0)), 0.1, -1e300, 5e-324, 2 ** 60];
const TEXTS = ['', 'a', 'twelve bytes', 'thirteen byte', 'nul \0 in it', '₿😀', 'x'.repeat(5_000)];

/** Numbers that look random and are the same in each run (a linear congruential generator). */
function dice(): (sides: number) => number {
  let state = 12_345;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function randomPoints(series: SeriesName): Point[] {
  const roll = dice();
  const pick = <T>(values: readonly T[]): T => values[roll(values.length)] as T;
  const values: Record<ColumnType, () => FieldValue> = {
    int: () => pick(INTS),
    float: () => pick(FLOATS),
    bool: () => roll(2) === 1,
    string: () => pick(TEXTS),
  };
  const columns = Object.entries(seriesOf(series).columns);
  // Some columns are in all points, some in few, one in none.
  const rarities = columns.map((_, index) => [1, 2, 300][index % 3] ?? 1);
  const tagSets = Array.from({ length: 40 }, () =>
    Object.fromEntries(tagNames(series).flatMap((name) => (roll(4) === 0 ? [] : [[name, pick(TEXTS)]]))),
  );
  return Array.from({ length: POINTS }, (_, index) => ({
    series,
    time: START + BigInt(index),
    tags: pick(tagSets),
    fields: Object.fromEntries(
      columns.flatMap(([name, { type }], at) => {
        const isLast = at > 0 && at === columns.length - 1;
        return isLast || roll(rarities[at] ?? 1) !== 0 ? [] : [[name, values[type]()]];
      }),
    ),
  }));
}

/** The row that a point becomes. */
function rowOf({ series, time, tags, fields }: Point): unknown[] {
  const { columns } = seriesOf(series);
  return [
    time,
    ...tagNames(series).map((name) => tags[name] ?? ''),
    ...columnNames(series).map((name) => {
      const value = fields[name];
      if (value === undefined) return null;
      return columns[name]?.type === 'int' ? BigInt(value) : value;
    }),
  ];
}

const cleanup = new Cleanup();
let file: string;
beforeEach(async () => {
  const folder = cleanup.add(await mkdtemp(path.join(os.tmpdir(), 'btcdmon-columns-')), (name) =>
    rm(name, { recursive: true }),
  );
  file = path.join(folder, 'store.duckdb');
});
afterEach(() => cleanup.run());

/** All rows of the table of a series in the order of their times, by DuckDB's own means. */
async function stored(series: SeriesName): Promise<unknown[][]> {
  const instance = cleanup.add(await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' }), (it) =>
    it.closeSync(),
  );
  const connection = cleanup.add(await instance.connect(), (it) => it.closeSync());
  const sql = `SELECT * REPLACE (epoch_ns("time") AS "time") FROM ${series} ORDER BY ALL`;
  return (await connection.runAndReadAll(sql)).getRowsJS();
}

it.each(SERIES)('stores points of %s exactly, with any columns and values', async (series) => {
  const points = randomPoints(series);
  const store = cleanup.add(new StoreProcess({ path: file }, { warn: () => undefined }), (it) => it.close());
  await store.open();
  expect(await store.write(points)).toEqual({ sent: POINTS, acked: POINTS });
  await store.close();
  expect(await stored(series)).toEqual(points.map(rowOf));
});

it('leaves out points that can not be stored or are stored already, and keeps the columns of the others', async () => {
  const points = randomPoints('tx').slice(0, 2_100);
  const exporter = cleanup.add(new StoreWriter({ path: file }), (it) => it.close());
  await exporter.open();
  await exporter.write(points.filter((_, index) => index % 3 === 0));
  const isBad = (index: number): boolean => index % 7 === 5;
  const batch = points.map((point, index): Point => {
    const fields = isBad(index) ? { ...point.fields, is_standard: 7 } : point.fields;
    return { ...point, fields, mayBeStored: true };
  });
  const bad = batch.filter((_, index) => isBad(index)).length;
  expect(await exporter.write(batch)).toEqual({
    sent: batch.length - bad,
    acked: batch.length - bad,
    rejection: 'tx.is_standard: 7 is not a boolean',
  });
  await exporter.close();
  const wanted = points.filter((_, index) => index % 3 === 0 || !isBad(index));
  expect(await stored('tx')).toEqual(wanted.map(rowOf));
});
