import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  StatementType,
} from '@duckdb/node-api';
import { FailureError, UsageError, messageOf } from '../errors';
import { checkDuckdbStatement } from './duckdb-statement';
import { readMarks } from '../store/rollup-marks';
import { type Group, finishSorted } from './finish';
import type { Query } from './model';
import { answersFromRollups } from './rolled-sql';
import { type Result, type ResultColumn, type Row, type Value, integer, resultColumns } from './result';
import { compileSql } from './sql';

/**
 * Answers a query on a connection of its own, which is in a read-only transaction from then on. The rows must be taken
 * before the connection is closed.
 */
export async function runQuery(connection: DuckDBConnection, query: Query): Promise<Result> {
  await beginReading(connection);
  const { rawSince } = await failing(() => readMarks(connection, query.series));
  const reachesBack = rawSince !== null && query.since < rawSince;
  const rolled = reachesBack && answersFromRollups(query);
  const result = await failing(() => connection.stream(compileSql(query, rolled ? rawSince : null)));
  const answer =
    query.agg === null
      ? { columns: resultColumns(query), rows: points(result) }
      : finishSorted(query, groups(query, result));
  return reachesBack && !rolled ? { ...answer, rawSince } : answer;
}

/**
 * Runs one SQL statement that only reads, as `runQuery` does.
 * @throws UsageError for a statement that can't be read, or does anything but read
 */
export async function runRaw(connection: DuckDBConnection, text: string): Promise<Result> {
  checkDuckdbStatement(text);
  const statement = await prepareOne(connection, text);
  const type = statement.statementType;
  if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN)
    throw new UsageError(`--raw is read-only: use SELECT or EXPLAIN, not ${StatementType[type]}`);
  // EXPLAIN ANALYZE carries its statement out; the transaction refuses what writes.
  await beginReading(connection);
  const result = await failing(() => statement.stream());
  const types = result.columnTypes();
  const columns = result.deduplicatedColumnNames().map((name, index): ResultColumn => {
    const columnType = types[index];
    return { name, type: columnType === undefined ? 'string' : typeOf(columnType) };
  });
  return { columns, rows: batches(result) };
}

async function prepareOne(connection: DuckDBConnection, text: string): Promise<DuckDBPreparedStatement> {
  try {
    const statements = await connection.extractStatements(text);
    if (statements.count === 1) return await statements.prepare(0);
  } catch (error) {
    throw new UsageError(`--raw: ${firstLines(messageOf(error))}`);
  }
  throw new UsageError('--raw is read-only and takes one SELECT statement (PIVOT counts as several)');
}

async function beginReading(connection: DuckDBConnection): Promise<void> {
  await failing(() => connection.run('BEGIN TRANSACTION READ ONLY'));
}

async function* points(result: DuckDBResult): AsyncGenerator<readonly Row[]> {
  for await (const batch of batches(result))
    yield batch.map(([time, ...values]) => [timeOf(time), ...values]);
}

async function* groups(query: Query, result: DuckDBResult): AsyncGenerator<readonly Group[]> {
  const bucketed = query.everyNs !== null;
  for await (const batch of batches(result))
    yield batch.map((row) => ({
      time: bucketed ? timeOf(row[0]) : null,
      keys: row.slice(bucketed ? 1 : 0, -1),
      value: row.at(-1) ?? null,
    }));
}

async function* batches(result: DuckDBResult): AsyncGenerator<readonly Row[]> {
  for (;;) {
    const chunk = await failing(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk.convertRows(toValue);
  }
}

/** The store's error with what DuckDB says of it, on one line. */
async function failing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const message = firstLines(messageOf(error));
    if (message.includes('read-only mode')) throw new UsageError('--raw is read-only: the statement writes');
    throw new FailureError(`the store: ${message}`);
  }
}

/** DuckDB's message without the picture of the statement below it. */
function firstLines(message: string): string {
  return (message.split(/\n\s*\nLINE |\n/)[0] ?? '').trim();
}

/** Nanoseconds, which `toValue` made a number where they are few. */
function timeOf(value: Value | undefined): bigint {
  return BigInt(value as bigint | number);
}

function typeOf({ typeId }: DuckDBType): ResultColumn['type'] {
  switch (typeId) {
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UTINYINT:
    case DuckDBTypeId.USMALLINT:
    case DuckDBTypeId.UINTEGER:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.UHUGEINT:
      return 'int';
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return 'float';
    case DuckDBTypeId.BOOLEAN:
      return 'bool';
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ:
      return 'time';
    default:
      return 'string';
  }
}

function toValue(value: DuckDBValue): Value {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return integer(value);
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos;
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)
    return value.micros * 1000n;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1_000_000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000_000n;
  return String(value);
}
