import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  type DuckDBAppender,
  DuckDBInstance,
  DuckDBTimestampNanosecondsValue,
  type DuckDBConnection,
} from '@duckdb/node-api';
import { FailureError, UsageError } from '../lib/errors';
import { quote } from '../store/quote';
import type { Result, ResultColumn, Value } from './result';

/** The types of columns in Parquet, as DuckDB names them. */
const SQL_TYPES: Readonly<Record<ResultColumn['type'], string>> = {
  time: 'TIMESTAMP_NS',
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
};

const MEMORY = '1GB';

/** The largest integer of Parquet, and the smallest. */
const MAX_INT = (1n << 63n) - 1n;
const MIN_INT = -(1n << 63n);

/**
 * Writes an answer of any store into a Parquet file, which must not exist yet.
 * @throws UsageError where two columns have one name; FailureError for an integer that Parquet can't hold
 */
export async function writeParquet({ columns, rows }: Result, file: string): Promise<void> {
  checkNames(columns);
  const folder = await mkdtemp(`${path.resolve(file)}.`);
  try {
    // A file, so that an answer of any length needs no more memory than this.
    const options = { memory_limit: MEMORY, autoinstall_known_extensions: 'false' };
    const instance = await DuckDBInstance.create(path.join(folder, 'rows.duckdb'), options);
    try {
      const connection = await instance.connect();
      const declared = columns.map(({ name, type }) => `${quote(name)} ${SQL_TYPES[type]}`);
      await connection.run(`CREATE TABLE answer (${declared.join(', ')})`);
      await append(connection, columns, rows);
      const part = path.join(folder, 'answer.parquet');
      await connection.run(
        `COPY answer TO '${part.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)`,
      );
      connection.closeSync();
      await rename(part, file);
    } finally {
      instance.closeSync();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checkNames(columns: readonly ResultColumn[]): void {
  if (columns.length === 0) throw new UsageError('--format parquet: the answer has no columns');
  const names = columns.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new UsageError(`--format parquet: two columns are named ${twice}; name one of them with AS`);
}

async function append(
  connection: DuckDBConnection,
  columns: readonly ResultColumn[],
  rows: Result['rows'],
): Promise<void> {
  const appender = await connection.createAppender('answer');
  try {
    for await (const batch of rows) {
      for (const row of batch) {
        for (const [index, { name, type }] of columns.entries())
          appendValue(appender, name, type, row[index] ?? null);
        appender.endRow();
      }
    }
  } finally {
    appender.closeSync();
  }
}

function appendValue(appender: DuckDBAppender, name: string, type: ResultColumn['type'], value: Value): void {
  if (value === null) {
    appender.appendNull();
    return;
  }
  switch (type) {
    case 'time':
      // A raw statement may have times as texts, which are no times to it.
      if (typeof value === 'string') appender.appendNull();
      else appender.appendTimestampNanoseconds(new DuckDBTimestampNanosecondsValue(BigInt(value)));
      break;
    case 'int': {
      const whole = typeof value === 'number' ? BigInt(Math.trunc(value)) : BigInt(value);
      if (whole > MAX_INT || whole < MIN_INT)
        throw new FailureError(
          `--format parquet: ${name} has ${whole}, which has more than 64 bits; cast it to DOUBLE`,
        );
      appender.appendBigInt(whole);
      break;
    }
    case 'float':
      appender.appendDouble(Number(value));
      break;
    case 'bool':
      appender.appendBoolean(value === true);
      break;
    case 'string':
      appender.appendVarchar(String(value));
      break;
  }
}
