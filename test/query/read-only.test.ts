import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { FailureError, UsageError } from '../../src/lib/errors';
import { StoreWriter } from '../../src/store/writer';
import { runRaw } from '../../src/query/duckdb-run';
import { allRows } from '../../src/query/result';
import { queryPoints } from '../support/query-points';

/** Statements that write, or change how DuckDB works. */
const ACTIONS = [
  'INSERT INTO btcdmon_meta VALUES (9)',
  'INSERT INTO tx BY NAME SELECT * FROM tx',
  'INSERT OR REPLACE INTO btcdmon_meta VALUES (9)',
  'UPDATE btcdmon_meta SET version = 9',
  'UPDATE tx SET vsize = 0',
  'DELETE FROM btcdmon_meta',
  'DELETE FROM tx USING tx_inputs WHERE true',
  'TRUNCATE tx',
  'MERGE INTO btcdmon_meta USING (SELECT 9 AS version) AS new ON (false) WHEN NOT MATCHED THEN INSERT VALUES (9)',
  'DROP TABLE tx',
  'DROP SCHEMA main CASCADE',
  'CREATE TABLE made (a INTEGER)',
  'CREATE OR REPLACE TABLE tx AS SELECT 1 AS a',
  'CREATE TEMP TABLE made AS SELECT 1',
  'CREATE VIEW made AS SELECT 1',
  'CREATE MACRO made(a) AS a + 1',
  'CREATE SEQUENCE made',
  "CREATE TYPE made AS ENUM ('a')",
  'CREATE INDEX made ON tx (vsize)',
  'CREATE SCHEMA made',
  'ALTER TABLE tx RENAME TO made',
  'ALTER TABLE tx DROP COLUMN vsize',
  "COMMENT ON TABLE tx IS 'made'",
  "ATTACH 'made.duckdb' AS made",
  "ATTACH ':memory:' AS made",
  'DETACH store',
  'USE memory',
  "COPY tx TO 'made.csv'",
  "COPY tx FROM '/etc/passwd'",
  "EXPORT DATABASE 'made'",
  "IMPORT DATABASE 'made'",
  'INSTALL httpfs',
  'LOAD httpfs',
  'SET threads = 1',
  "SET memory_limit = '9GB'",
  "SET GLOBAL temp_directory = '/tmp/made'",
  'SET enable_external_access = true',
  'RESET memory_limit',
  'SET VARIABLE made = 1',
  "PRAGMA memory_limit = '9GB'",
  'PRAGMA enable_profiling',
  'CHECKPOINT',
  'FORCE CHECKPOINT',
  'VACUUM',
  'ANALYZE',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'PREPARE made AS DELETE FROM tx',
  'EXECUTE made',
  'DEALLOCATE made',
  'CALL force_checkpoint()',
  'CALL enable_logging()',
];

/** Ways to write a call. */
const WAYS: readonly ((action: string) => string)[] = [
  (action) => action,
  (action) => `EXPLAIN ANALYZE ${action}`,
  (action) => `SELECT 1; ${action}`,
];

/** Other attempts, inside or near a SELECT. */
const OTHERS = [
  'SELECT * FROM force_checkpoint()',
  'SELECT * FROM "checkpoint"()',
  "SELECT * FROM query('DELETE FROM tx')",
  "SELECT * FROM query_table('/etc/passwd')",
  "FROM read_text('/etc/passwd')",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM glob('/*')",
  "SELECT json_execute_serialized_sql(json_serialize_sql('DELETE FROM tx'))",
  'WITH gone AS (DELETE FROM tx RETURNING *) SELECT * FROM gone',
  "SELECT nextval('made')",
  'SELECT * FROM enable_profiling()',
  "SELECT write_log('made')",
];

const ATTEMPTS = [...WAYS.flatMap((way) => ACTIONS.map(way)), ...OTHERS];

let folder: string;
let exporter: StoreWriter;
let before: unknown;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'btcdmon-read-only-'));
  exporter = new StoreWriter({ path: path.join(folder, 'store.duckdb') });
  await exporter.open();
  await exporter.write(queryPoints());
  before = await state();
});
afterAll(async () => {
  await exporter.close();
  await rm(folder, { recursive: true });
});

async function connected<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const connection = await exporter.store.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
  }
}

/** Everything an attempt could change: points, tables, other files, settings, databases. */
async function state(): Promise<unknown> {
  const asked = [
    'SELECT count(*), sum(hash(t)) FROM tx t',
    'SELECT count(*), sum(hash(t)) FROM tx_outputs t',
    'SELECT * FROM btcdmon_meta',
    'SELECT table_name, column_name, data_type, comment FROM duckdb_columns() ORDER BY ALL',
    'SELECT table_name, comment FROM duckdb_tables() ORDER BY ALL',
    'SELECT index_name FROM duckdb_indexes()',
    'SELECT view_name FROM duckdb_views() WHERE NOT internal',
    'SELECT sequence_name FROM duckdb_sequences()',
    'SELECT function_name FROM duckdb_functions() WHERE NOT internal',
    'SELECT type_name FROM duckdb_types() WHERE NOT internal',
    'SELECT schema_name FROM duckdb_schemas() ORDER BY ALL',
    'SELECT database_name, path, readonly FROM duckdb_databases() ORDER BY ALL',
    'SELECT name, value FROM duckdb_settings() ORDER BY name',
  ];
  const rows = await connected(async (connection) => {
    const all: unknown[] = [];
    for (const sql of asked) all.push((await connection.runAndReadAll(sql)).getRows().map(String));
    return all;
  });
  return [rows, (await readdir(folder)).sort(), (await readdir('.')).sort()];
}

it('has as many attempts as were found', () => {
  expect(new Set(ATTEMPTS).size).toBeGreaterThanOrEqual(165);
});

it.each(ATTEMPTS)('stays as it was: %s', async (statement) => {
  const attempt = connected(async (connection) => allRows(await runRaw(connection, statement)));
  const error = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  // Each one is refused in one line or fails; none has an answer.
  expect(error instanceof UsageError || error instanceof FailureError).toBe(true);
  expect((error as Error).message).not.toContain('\n');
  expect(await state()).toEqual(before);
});
