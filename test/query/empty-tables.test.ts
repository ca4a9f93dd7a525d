import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UsageError } from '../../src/lib/errors';
import { SERIES_NAMES, columnNames, tagNames } from '../../src/metrics/schema';
import { PANELS } from '../../src/panels/list';
import { answerPanel } from '../../src/panels/panel-answer';
import { runQueries, runQuery, runRaw } from '../../src/query/duckdb-run';
import { type QueryArgs, parseQuery } from '../../src/query/model';
import { type Result, allRows, inOneBatch } from '../../src/query/result';
import { tablesOf } from '../../src/store/series-tables';
import { type Store, openStore } from '../../src/store/store';
import { StoreWriter } from '../../src/store/writer';
import { queryPoints } from '../support/query-points';

const NOW_NS = 1_700_000_000_000_000_000n;
const HOUR_NS = 3_600_000_000_000n;

let folder: string;
/** Stores without points: one has no tables of series, one has all of them. */
let bare: Store;
let whole: Store;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-empty-'));
  const file = path.join(folder, 'bare.duckdb');
  await (await openStore(file)).close();
  bare = await openStore(file, { readOnly: true });
  whole = await openStore(path.join(folder, 'whole.duckdb'));
  await whole.makeTables(SERIES_NAMES);
});
afterAll(async () => {
  await bare.close();
  await whole.close();
  await rm(folder, { recursive: true });
});

/** The columns and rows of an answer, or the class of its error. */
async function answerOf(store: Store, ask: (store: Store) => Promise<Result>): Promise<unknown> {
  try {
    const { columns, rows, rawSince } = await ask(store);
    return { columns, rows: await allRows({ columns, rows }), rawSince };
  } catch (error) {
    return error instanceof Error ? error.constructor : error;
  }
}

async function expectSame(ask: (store: Store) => Promise<Result>): Promise<void> {
  expect(bare.layout.size).toBeLessThan(5);
  expect(await answerOf(bare, ask)).toEqual(await answerOf(whole, ask));
}

describe('a series without tables answers as one without points', () => {
  it.each(SERIES_NAMES)('%s: its points, its groups, its rollups', async (series) => {
    const [column = ''] = columnNames(series);
    const questions: readonly QueryArgs[] = [
      { series },
      { series, limit: 5 },
      { series, agg: ['count'], by: [...tagNames(series)], every: '1h' },
      { series, agg: ['count', column] },
    ];
    for (const question of questions)
      await expectSame(async (store) => runQuery(await store.connect(), parseQuery(question, NOW_NS)));
    for (const [table] of tablesOf(series))
      await expectSame(async (store) => runRaw(await store.connect(), `SELECT * FROM "${table}"`));
  });

  it('in each panel', async () => {
    const node = { node: 'n', watched: 'n', monitor: 'n' };
    for (const panel of PANELS) {
      const ask = async (store: Store): Promise<unknown> => {
        const connection = await store.connect();
        const choice = { since: NOW_NS - HOUR_NS, until: NOW_NS, bucketNs: HOUR_NS, node };
        return answerPanel(panel, choice, async function* (queries) {
          yield* await runQueries(connection, queries);
        });
      };
      expect([panel.name, await ask(bare)]).toEqual([panel.name, await ask(whole)]);
    }
  });

  it.each([
    'SELECT count(*) AS n, max(time) AS last FROM TX',
    'SELECT t.vsize, f.* FROM tx AS t LEFT JOIN tx_fees AS f USING (time) WHERE t.tx_size > 5',
    'WITH a AS (FROM tx_1h), b AS (FROM mempool_1m) SELECT * FROM a, b, peers, "blocks"',
    'EXPLAIN ANALYZE SELECT count(*) FROM tx WHERE false',
    'INSERT INTO tx (vsize) VALUES (1)',
  ])('in a statement: %s', async (statement) => {
    await expectSame(async (store) => {
      const result = await runRaw(await store.connect(), statement);
      return statement.startsWith('EXPLAIN') ? { ...result, rows: inOneBatch([]) } : result;
    });
  });
});

it('a statement about a table that no store has is told so, as is one that names the database', async () => {
  const refusal = async (statement: string): Promise<string> => {
    const error: unknown = await runRaw(await bare.connect(), statement).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  };
  expect(await refusal('SELECT * FROM tx, txs')).toBe('--raw: the store has no table txs; did you mean tx?');
  expect(await refusal('SELECT * FROM bare.main.tx')).toBe('--raw: the store has no points of tx yet');
});

it('a query sees the points of a series from the first one on', async () => {
  const writer = new StoreWriter({ path: path.join(folder, 'written.duckdb') });
  await writer.open();
  const count = async (): Promise<unknown> => {
    const query = parseQuery({ series: 'tx', agg: ['count'], since: '2d' }, NOW_NS + 24n * HOUR_NS);
    return (await allRows(await runQuery(await writer.store.connect(), query)))[0]?.[0];
  };
  expect(await count()).toBe(0);
  const points = queryPoints();
  await writer.write(points);
  expect(await count()).toBe(points.filter(({ series }) => series === 'tx').length);
  await writer.close();
});
