import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { SystemClock } from '../../src/lib/clock';
import { FailureError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import type { FieldValue, Point } from '../../src/metrics/point';
import { SERIES_NAMES, type SeriesName, seriesOf } from '../../src/metrics/schema';
import { type Store, openStore, tableColumns } from '../../src/store/store';
import { type ChildScript, childScript } from '../support/child';
import { makePoints } from '../support/make-points';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-store-'));
  file = path.join(folder, 'store.duckdb');
});
afterEach(() => rm(folder, { recursive: true }));

async function rows(store: Store, sql: string): Promise<unknown[][]> {
  const connection = await store.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJS();
  } finally {
    connection.closeSync();
  }
}

/** Runs SQL on a database as another program would. */
async function withDatabase(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

async function failure(opening: Promise<unknown>): Promise<string> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  const { message } = error as FailureError;
  expect(message).not.toContain('\n');
  return message;
}

describe('a store', () => {
  it('has a table for each series, with its columns in their order', async () => {
    const store = await openStore(file);
    await store.makeTables(SERIES_NAMES);
    for (const series of SERIES_NAMES) expect(store.layout.get(series)).toEqual(tableColumns(series));
    expect(
      await rows(store, 'SELECT DISTINCT data_type FROM duckdb_columns() WHERE column_name = $$time$$'),
    ).toEqual([['TIMESTAMP_NS']]);
    await store.close();
  });

  it('has the tables of series from their first point on, and all of a series in its file at once', async () => {
    const writer = new StoreWriter({ path: file });
    await writer.open();
    const tables = (): string[] =>
      [...writer.store.layout.keys()].filter((name) => !name.startsWith('btcdmon_'));
    expect(tables()).toEqual([]);
    await writer.write(makePoints(5, new SystemClock()));
    const made = ['tx', 'tx_inputs', 'tx_outputs'].flatMap((name) =>
      ['', '_1h', '_1h_ranks', '_1m'].map((end) => `${name}${end}`),
    );
    expect(tables()).toEqual(made);
    // The log has the points and no table, so that damage in it can't take a table along.
    const log = await readFile(`${file}.wal`);
    expect(log.includes('tx_outputs')).toBe(true);
    expect(log.includes('script_type')).toBe(false);
    await writer.close();
    await writer.open();
    expect(tables()).toEqual(made);
    await writer.close();
  });

  it('makes tables also while another transaction keeps checkpoints away', async () => {
    const writer = new StoreWriter({ path: file });
    await writer.open();
    const other = await writer.store.connect();
    await other.run('BEGIN');
    await other.run('CREATE TABLE held (x INTEGER)');
    await writer.write(makePoints(5, new SystemClock()));
    expect(await rows(writer.store, 'SELECT count(*) FROM tx')).toEqual([[1n]]);
    await other.run('ROLLBACK');
    other.closeSync();
    await writer.close();
  });

  it('loses the tables of series without a row, which older versions made, when it is opened for writing', async () => {
    let store = await openStore(file);
    await store.makeTables(SERIES_NAMES);
    await rows(store, 'INSERT INTO tx (tx_size) VALUES (1)');
    await rows(store, 'INSERT INTO blocks_1m (points) VALUES (1)');
    await store.close();
    store = await openStore(file, { readOnly: true });
    expect(store.layout.has('mempool')).toBe(true);
    await store.close();
    store = await openStore(file);
    expect(SERIES_NAMES.filter((series) => store.layout.has(series))).toEqual(
      SERIES_NAMES.filter((series) => series === 'tx' || series === 'blocks'),
    );
    expect(await rows(store, 'SELECT points FROM blocks_1m')).toEqual([[1n]]);
    expect(await rows(store, 'SELECT tx_size FROM tx')).toEqual([[1n]]);
    await store.close();
  });

  it('has what it had when it was closed, opened for writing and for reading', async () => {
    let store = await openStore(file);
    await store.makeTables(['bandwidth']);
    await rows(
      store,
      "INSERT INTO bandwidth (time, bytes_recv) VALUES ('2026-01-02 03:04:05.123456789', 42)",
    );
    await store.close();
    for (const readOnly of [false, true]) {
      store = await openStore(file, { readOnly });
      expect(await rows(store, 'SELECT time::VARCHAR, node, bytes_recv, bytes_sent FROM bandwidth')).toEqual([
        ['2026-01-02 03:04:05.123456789', '', 42n, null],
      ]);
      await store.close();
    }
  });

  it('refuses writes where it was opened for reading', async () => {
    const writing = await openStore(file);
    await writing.makeTables(['tx']);
    await writing.close();
    const store = await openStore(file, { readOnly: true });
    await expect(rows(store, 'INSERT INTO tx (tx_size) VALUES (1)')).rejects.toThrow('read-only');
    await store.close();
  });

  it('keeps queries from reaching other files and from lifting that limit', async () => {
    const store = await openStore(file);
    await store.makeTables(['tx']);
    await writeFile(path.join(folder, 'secret.csv'), 'a\n1\n');
    const secret = path.join(folder, 'secret.csv');
    await expect(rows(store, `SELECT * FROM read_csv('${secret}')`)).rejects.toThrow(/disabled/);
    await expect(rows(store, `COPY tx TO '${folder}/out.csv'`)).rejects.toThrow(/disabled/);
    await expect(rows(store, `ATTACH '${folder}/other.duckdb'`)).rejects.toThrow(/disabled/);
    await expect(rows(store, 'SET enable_external_access = true')).rejects.toThrow(/Cannot/);
    await store.close();
  });

  it('gets the tables and columns that the schema has gained, and keeps its rows', async () => {
    const made = await openStore(file);
    await made.makeTables(['tx', 'tx_outputs']);
    await made.close();
    await withDatabase(
      'DROP TABLE tx_1h',
      'ALTER TABLE tx DROP COLUMN vsize',
      'ALTER TABLE tx_outputs DROP COLUMN script_type',
      'ALTER TABLE tx ADD COLUMN gone_since INTEGER',
      'INSERT INTO tx (tx_size, gone_since) VALUES (1, 7)',
      'INSERT INTO tx_outputs (size) VALUES (1)',
    );
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    expect(exporter.store.layout.get('tx')?.slice(-2)).toEqual(['gone_since', 'vsize']);
    // Columns now have another order than in the schema; each value must still get into its own.
    await exporter.write(makePoints(5, new SystemClock()));
    const { store } = exporter;
    expect(await rows(store, 'SELECT tx_size, vsize, weight, gone_since FROM tx')).toEqual([
      [1n, null, null, 7],
      [222n, 141n, 561n, null],
    ]);
    expect(await rows(store, 'SELECT size, script_type FROM tx_outputs ORDER BY ALL LIMIT 2')).toEqual([
      [1n, ''],
      [22n, 'pubkeyhash'],
    ]);
    expect(await rows(store, 'SELECT count(*) FROM tx_1h')).toEqual([[0n]]);
    await exporter.close();
  });

  it('ends running queries when it closes, and closes the file', async () => {
    const store = await openStore(file);
    const connection = await store.connect();
    const query = connection.run('SELECT count(*) FROM range(100000000000) r WHERE r.range * 7 % 3 = 1');
    const interrupted = expect(query).rejects.toThrow('INTERRUPT');
    await store.close();
    await interrupted;
    await (await openStore(file)).close();
  });

  it('keeps little in memory of what is written to all series', async () => {
    const exporter = new StoreWriter({ path: file });
    await exporter.open();
    const clock = new SystemClock();
    const values: Record<string, FieldValue> = { int: 1, float: 0.5, bool: true, string: 'text' };
    const one = (series: SeriesName): Point => ({
      series,
      time: clock.uniqueNs(),
      tags: { node: 'n', network: 'regtest' },
      fields: Object.fromEntries(
        Object.entries(seriesOf(series).columns).map(([name, { type }]) => [name, values[type]]),
      ),
    });
    let megabytes = 0;
    for (let batch = 0; batch < 10; batch++) {
      await exporter.write(SERIES_NAMES.map(one));
      // After a checkpoint each column has whole blocks.
      await rows(exporter.store, 'CHECKPOINT');
      await exporter.write(SERIES_NAMES.map(one));
      const [[bytes] = []] = await rows(
        exporter.store,
        'SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory()',
      );
      megabytes = Math.max(megabytes, Number(bytes) / 1e6);
    }
    await exporter.close();
    expect(megabytes).toBeLessThan(64);
  });

  it('writes to a file with the large blocks of another program, and has memory for them', async () => {
    await withDatabase('SELECT 1');
    const store = await openStore(file);
    expect(
      await rows(store, "SELECT block_size, current_setting('memory_limit') FROM pragma_database_size()"),
    ).toEqual([[262_144n, '610.3 MiB']]);
    await store.close();
  });

  it('lends memory until the last borrower has given it back', async () => {
    const store = await openStore(file);
    const limit = async (): Promise<unknown> =>
      (await rows(store, "SELECT current_setting('memory_limit')"))[0]?.[0];
    expect(await limit()).toBe('61.0 MiB');
    const first = await store.lendMemory();
    const second = await store.lendMemory();
    await first();
    expect(await limit()).toBe('953.6 MiB');
    await second();
    expect(await limit()).toBe('61.0 MiB');
    await store.close();
  });

  it('has the memory of queries where one borrows while another gives back', async () => {
    const store = await openStore(file);
    let giveBack = await store.lendMemory();
    const limits = new Set<unknown>();
    for (let i = 0; i < 400; i++) {
      const given = giveBack();
      // Where the other one begins in the middle of it.
      for (let turns = 0; turns < i % 4; turns++) await setImmediate();
      giveBack = await store.lendMemory();
      await given;
      limits.add((await rows(store, "SELECT current_setting('memory_limit')"))[0]?.[0]);
    }
    expect([...limits]).toEqual(['953.6 MiB']);
    await giveBack();
    await store.close();
  });

  it('removes what killed queries left in the folder beside it, and nothing else, when it is opened for writing', async () => {
    await (await openStore(file)).close();
    const beside = `${file}.tmp`;
    await mkdir(beside);
    const left = ['duckdb_temp_block-4611686018427388751.block', 'duckdb_temp_storage_DEFAULT-0.tmp'];
    for (const name of [...left, 'notes.txt']) await writeFile(path.join(beside, name), 'x');
    const reading = await openStore(file, { readOnly: true });
    expect((await readdir(beside)).sort()).toEqual([...left, 'notes.txt']);
    await reading.close();
    const writing = await openStore(file);
    expect(await readdir(beside)).toEqual(['notes.txt']);
    await writing.close();
  });

  it('can be opened anew in place', async () => {
    const store = await openStore(file);
    await store.makeTables(['tx']);
    await rows(store, 'INSERT INTO tx (tx_size) VALUES (1)');
    await store.connect();
    await store.reopen();
    expect(await rows(store, 'SELECT count(*) FROM tx')).toEqual([[1n]]);
    await store.close();
    expect(await failure(store.connect())).toBe(`store ${file}: is closed`);
  });
});

describe('a store that can’t be opened says why in one line:', () => {
  it('a folder that does not exist', async () => {
    file = path.join(folder, 'no', 'store.duckdb');
    expect(await failure(openStore(file))).toBe(
      `store ${file}: the folder ${folder}/no does not exist; make it, or name another path`,
    );
  });

  it('a folder that is a file', async () => {
    await writeFile(path.join(folder, 'plain'), '');
    file = path.join(folder, 'plain', 'store.duckdb');
    expect(await failure(openStore(file))).toBe(
      `store ${file}: ${folder}/plain is not a folder; name another path`,
    );
  });

  it('a path that is a folder', async () => {
    await mkdir(file);
    expect(await failure(openStore(file))).toBe(`store ${file}: is a folder, not a file; name another path`);
  });

  it('a device', async () => {
    expect(await failure(openStore('/dev/null'))).toBe(
      'store /dev/null: is a device, not a file; name another path',
    );
  });

  // Not even root, who may run the tests, can make a file in this folder.
  it('a folder in which no file can be made', async () => {
    expect(await failure(openStore('/proc/self/store.duckdb'))).toMatch(
      /^store \/proc\/self\/store\.duckdb: (the folder \/proc\/self is not writable; .+|can't be opened: .+)$/,
    );
  });

  it.each([
    ['text', 'not a database\n'.repeat(1000)],
    ['an empty file', ''],
  ])('%s', async (_, content) => {
    await writeFile(file, content);
    expect(await failure(openStore(file))).toBe(
      `store ${file}: the file is not a DuckDB database; name another path or move it away`,
    );
  });

  it('a DuckDB database of another program, which is left as it is', async () => {
    await withDatabase('CREATE TABLE tx (mine INTEGER)');
    for (const readOnly of [false, true])
      expect(await failure(openStore(file, { readOnly }))).toBe(
        `store ${file}: a DuckDB database, but not a store of btcdmon-node; name another path`,
      );
    await withDatabase('INSERT INTO tx VALUES (1)');
  });

  it('a store of a later version', async () => {
    await (await openStore(file)).close();
    await withDatabase('UPDATE btcdmon_meta SET version = 99');
    expect(await failure(openStore(file))).toBe(
      `store ${file}: has version 99 of the tables, this btcdmon-node knows version 2; ` +
        'use the btcdmon-node that wrote it, or name another path',
    );
  });

  it('a missing file that is to be read', async () => {
    expect(await failure(openStore(file, { readOnly: true }))).toBe(
      `store ${file}: there is no such file; start btcdmon-node once to make it`,
    );
  });

  it('a missing file beside others, which it names', async () => {
    const reading = (): Promise<string> => failure(openStore(file, { readOnly: true }));
    await (await openStore(path.join(folder, 'demo.duckdb'))).close();
    expect(await reading()).toBe(`store ${file}: there is no such file; the folder has demo.duckdb`);
    for (const name of ['a', 'b', 'c', 'd']) await writeFile(path.join(folder, `${name}.duckdb`), '');
    expect(await reading()).toBe(
      `store ${file}: there is no such file; the folder has a.duckdb, b.duckdb, c.duckdb and 2 more`,
    );
  });

  it('one that this process has open, also by another name', async () => {
    const store = await openStore(file);
    const other = path.join(folder, 'link.duckdb');
    await symlink(file, other);
    const hard = path.join(folder, 'hard.duckdb');
    await link(file, hard);
    for (const name of [file, other, hard])
      expect(await failure(openStore(name))).toBe(`store ${name}: is open in this process already`);
    await store.close();
    await (await openStore(file)).close();
  });
});

describe('a second process', () => {
  let script: ChildScript;
  beforeAll(() => (script = childScript('support/store-child.ts')));
  afterAll(() => script.remove());

  it('gets one clear line, and does not disturb the first', async () => {
    const store = await openStore(file);
    await store.makeTables(['tx']);
    const child = spawn(process.execPath, [script.file, 'open', file], { env: script.env });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(output).toBe(
      `1 store ${file}: in use by process ${process.pid}; stop that one, or give this one another file (--data-dir)\n`,
    );
    await rows(store, 'INSERT INTO tx (tx_size) VALUES (1)');
    await store.close();
  });
});

it('keeps little in the file for each column, also once its tables have rows', async () => {
  const exporter = new StoreWriter({ path: file });
  await exporter.open();
  await exporter.write(makePoints(200, new SystemClock()));
  await exporter.store.makeTables(SERIES_NAMES);
  const columns = [...exporter.store.layout.values()].reduce((sum, names) => sum + names.length, 0);
  await exporter.close();
  expect(columns).toBeGreaterThan(5_000);
  expect((await stat(file)).size).toBeLessThan(1_000 * columns);
});
