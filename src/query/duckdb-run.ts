import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBType,
  StatementType,
} from '@duckdb/node-api';
import { FailureError, UsageError, messageOf } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import { SERIES_NAMES, isSeries } from '../metrics/schema';
import { rowsOf } from './chunk-rows';
import { checkDuckdbStatement, checkExplained } from './duckdb-statement';
import { missingTable, withMissingParts } from './missing-parts';
import { timeOf, toValue, typeOf } from './duckdb-values';
import { NO_PROGRESS, readAllProgress, readProgress } from '../store/rollup-progress';
import { type Group, finishSorted, hasValue } from './finish';
import type { Query } from './model';
import { type Plan, planOf } from './rolled-plan';
import { type Result, type ResultColumn, type Row, allRows, inOneBatch, resultColumns } from './result';
import { compileSql, compileTogether, shareKey } from './sql';

/** Characters of DuckDB's message that are shown at most. */
const MESSAGE_LENGTH = 1_000;

/**
 * Runs a query on its own connection, which is in a read-only transaction from then on. The rows must be read
 * before the connection is closed.
 */
export async function runQuery(connection: DuckDBConnection, query: Query): Promise<Result> {
  await beginReading(connection);
  const marks = await failing(() => readProgress(connection, query.series));
  return answer(connection, query, planOf(query, marks));
}

/**
 * Runs queries like `runQuery`, all at the same moment. Queries that differ only in their aggregates, such as
 * the lines of a panel, share one statement. All rows are read before it returns.
 */
export async function runQueries(
  connection: DuckDBConnection,
  queries: readonly Query[],
): Promise<readonly Result[]> {
  await beginReading(connection);
  const marks = await failing(() => readAllProgress(connection));
  const results = new Map<Query, Result>();
  for (const together of sharing(queries)) {
    const [first] = together;
    const plan = planOf(first, marks.get(first.series) ?? NO_PROGRESS);
    if (together.length === 1) {
      const result = await answer(connection, first, plan);
      results.set(first, { ...result, rows: inOneBatch(await allRows(result)) });
      continue;
    }
    const aggs = together.flatMap(({ agg }) => (agg === null ? [] : [agg]));
    const result = await begin(connection, compileTogether(first, aggs, plan));
    const all = await allRows({ columns: [], rows: batches(connection, result) });
    for (const [index, query] of together.entries()) {
      const found = all.map((row) => groupOf(query, row, index - aggs.length)).filter(hasValue(query));
      results.set(query, withSince(finishSorted(query, inOneBatch(found)), plan));
    }
  }
  return queries.flatMap((query) => results.get(query) ?? []);
}

async function answer(connection: DuckDBConnection, query: Query, plan: Plan): Promise<Result> {
  const result = await begin(connection, compileSql(query, plan));
  return withSince(
    query.agg === null
      ? { columns: resultColumns(query), rows: points(connection, result) }
      : finishSorted(query, groups(query, connection, result)),
    plan,
  );
}

/** Begins to run a statement of ours. */
function begin(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  return failing(() => withMissingParts(connection, () => connection.stream(sql)));
}

function withSince(result: Result, { since }: Plan): Result {
  return since === null ? result : { ...result, rawSince: since };
}

/** Groups of queries that one statement can answer. */
function sharing(queries: readonly Query[]): Iterable<readonly [Query, ...Query[]]> {
  const shared = new Map<unknown, [Query, ...Query[]]>();
  for (const query of queries) {
    const key = shareKey(query) ?? query;
    const others = shared.get(key);
    if (others === undefined) shared.set(key, [query]);
    else others.push(query);
  }
  return shared.values();
}

/**
 * Runs one SQL statement that only reads, like `runQuery`.
 * @throws UsageError for a statement that can't be parsed or does more than read
 */
export async function runRaw(connection: DuckDBConnection, text: string): Promise<Result> {
  checkDuckdbStatement(text);
  const statement = await prepareOne(connection, text);
  const type = statement.statementType;
  if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN)
    throw new UsageError(`--raw is read-only: use SELECT or EXPLAIN, not ${StatementType[type]}`);
  if (type === StatementType.EXPLAIN) checkExplained(text);
  await beginReading(connection);
  const result = await failing(() => statement.stream());
  const types = typesOf(result);
  const columns = result.deduplicatedColumnNames().map((name, index): ResultColumn => {
    const columnType = types[index];
    return { name, type: columnType === undefined ? 'string' : typeOf(columnType) };
  });
  return { columns, rows: batches(connection, result) };
}

/** @throws UsageError for a type that the client library does not know, such as that of `get_type(1)` */
function typesOf(result: DuckDBResult): readonly DuckDBType[] {
  try {
    return result.columnTypes();
  } catch (error) {
    throw new UsageError(`--raw: a column has a type that can't be shown (${firstLines(messageOf(error))})`);
  }
}

async function prepareOne(connection: DuckDBConnection, text: string): Promise<DuckDBPreparedStatement> {
  try {
    const statement = await withMissingParts(connection, async () => {
      // An extracted statement can be prepared once.
      const statements = await connection.extractStatements(text);
      return statements.count === 1 ? statements.prepare(0) : null;
    });
    if (statement !== null) return statement;
  } catch (error) {
    const message = firstLines(messageOf(error)).replace(/^Failed to extract statements: /, '');
    const missing = missingTable(message);
    throw new UsageError(missing === undefined ? `--raw: ${message}` : noTable(missing));
  }
  throw new UsageError('--raw is read-only and takes one SELECT statement (PIVOT counts as several)');
}

async function beginReading(connection: DuckDBConnection): Promise<void> {
  await failing(() => connection.run('BEGIN TRANSACTION READ ONLY'));
}

async function* points(connection: DuckDBConnection, result: DuckDBResult): AsyncGenerator<readonly Row[]> {
  for await (const batch of batches(connection, result))
    yield batch.map(([time, ...values]) => [timeOf(time), ...values]);
}

async function* groups(
  query: Query,
  connection: DuckDBConnection,
  result: DuckDBResult,
): AsyncGenerator<readonly Group[]> {
  for await (const batch of batches(connection, result)) yield batch.map((row) => groupOf(query, row, -1));
}

/**
 * Converts a row to a group: the bucket, the values of `by`, and one of the aggregates at the end of the row,
 * which `index` selects.
 */
function groupOf({ everyNs, by }: Query, row: Row, index: number): Group {
  const first = everyNs === null ? 0 : 1;
  return {
    time: everyNs === null ? null : timeOf(row[0]),
    keys: row.slice(first, first + by.length),
    value: row.at(index) ?? null,
  };
}

async function* batches(connection: DuckDBConnection, result: DuckDBResult): AsyncGenerator<readonly Row[]> {
  const types = result.columnTypes();
  let count = 0;
  for (;;) {
    const chunk = await failing(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    count += chunk.rowCount;
    yield* rowsOf(chunk, types, toValue);
  }
  // A failure after the first chunk looks like the end of a streamed result. But it has aborted the
  // transaction, so this statement fails.
  await connection.run('SELECT 1').catch(() => {
    throw new FailureError(
      `the store: the statement failed after ${count} rows, and DuckDB does not say why`,
    );
  });
}

/** The store's error with DuckDB's message, on one line. */
async function failing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const message = firstLines(messageOf(error));
    if (message.includes('read-only mode')) throw new UsageError('--raw is read-only: the statement writes');
    throw new FailureError(`the store: ${message}`);
  }
}

/** The error of a statement about a table that the store lacks. DuckDB would offer one of its own tables. */
function noTable(name: string): string {
  if (isSeries(name.toLowerCase())) return `--raw: the store has no points of ${name} yet`;
  const short = name.length <= MESSAGE_LENGTH ? name : `${name.slice(0, MESSAGE_LENGTH)}…`;
  const hint = suggestion(name, SERIES_NAMES) || `; there are ${SERIES_NAMES.join(', ')}`;
  return `--raw: the store has no table ${short}${hint}`;
}

/**
 * DuckDB's message on one line, with the candidates that it offers and without the excerpt of the statement
 * below. It may name a value of megabytes.
 */
function firstLines(message: string): string {
  const above = message.slice(0, 4 * MESSAGE_LENGTH).split(/\n\s*LINE \d+:/, 1)[0] ?? '';
  const line = above.trim().replace(/\s*\n\s*/g, ' ');
  return line.length <= MESSAGE_LENGTH ? line : `${line.slice(0, MESSAGE_LENGTH)}…`;
}
