import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, UsageError } from '../lib/errors';
import { SERIES_NAMES } from '../metrics/schema';
import { makeNewFile } from '../lib/new-file';
import { FORMATS, formatResult } from './format';
import { type QueryArgs, parseQuery } from './model';
import type * as ParquetFile from './parquet-file';
import { type Result, type Row, resultColumns } from './result';
import { rollupTable } from '../store/rollup-columns';
import { openSource } from './open-source';
import { placesOf, selectColumns } from './select-columns';
import { formatNs } from './time';

/** The formats of the command `query`: those of texts, and Parquet. */
export const QUERY_FORMATS = [...FORMATS, 'parquet'] as const;

type QueryFormat = (typeof QUERY_FORMATS)[number];

/** Arguments of the command `query`. */
export interface QueryCommandOptions extends Omit<QueryArgs, 'series'> {
  readonly series?: string | undefined;
  /** A statement in the store's language, instead of a query. */
  readonly raw?: string | undefined;
  readonly format?: string | undefined;
  /** Columns of the answer, in this order; default: all. */
  readonly columns?: readonly string[] | undefined;
  /** File for the answer instead of stdout. */
  readonly output?: string | undefined;
  /** URL of the store. */
  readonly from: string;
}

/** Streams and environment of the command. */
export interface CommandIo {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly nowNs: bigint;
}

/** Most rows of a table on a terminal without --limit: about two screens. */
const TERMINAL_ROWS = 100;

/**
 * Runs the command `query`: asks the store and writes the answer. If the reader closes the pipe (`| head`),
 * it ends without an error.
 * @throws UsageError, FailureError
 */
export async function runQueryCommand(options: QueryCommandOptions, io: CommandIo): Promise<void> {
  givenOnce(options);
  const format = parseFormat(options.format ?? 'table');
  const { columns, output } = options;
  const isTerminal = io.stdout.isTTY === true && output === undefined;
  const onTerminal = format === 'table' && isTerminal && options.limit === undefined;
  checkOutput(format, isTerminal);
  const query =
    options.raw === undefined
      ? parseQuery(
          { ...options, series: seriesIn(options), limit: onTerminal ? TERMINAL_ROWS : options.limit },
          io.nowNs,
        )
      : rawAlone(options);
  if (query !== null && columns !== undefined) placesOf(resultColumns(query), columns);
  const source = await openSource(options.from, io.env);
  try {
    const counter = { rows: 0 };
    const result = query === null ? await source.raw(options.raw ?? '') : await source.run(query);
    if (query !== null && result.rawSince !== undefined)
      io.stderr.write(
        `before ${formatNs(result.rawSince)} the store has only rollups, which can't answer this; look into ${rollupTable(query.series)} with --raw\n`,
      );
    const open = await writeAnswer(selectColumns(counted(result, counter), columns), { format, output }, io);
    if (!open) return;
    if (query !== null && onTerminal && counter.rows >= TERMINAL_ROWS)
      io.stderr.write(`${TERMINAL_ROWS} rows shown, there may be more; --limit 0 shows all\n`);
    if (format === 'table' && counter.rows === 0) io.stderr.write('nothing found\n');
  } finally {
    await source.close();
  }
}

/**
 * Writes an answer to a file or to stdout; false if the reader of stdout went away.
 * @throws UsageError where the file is there already; FailureError where it can't be written
 */
export async function writeAnswer(
  result: Result,
  { format, output }: { readonly format: QueryFormat; readonly output?: string | undefined },
  io: Pick<CommandIo, 'stdout'>,
): Promise<boolean> {
  if (format !== 'parquet' && output === undefined) return writeAll(io.stdout, formatResult(result, format));
  if (output !== undefined) {
    await makeNewFile(output, `--output ${output}`, (file) => writeFileOf(result, format, file));
    return true;
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'btcdmon-'));
  try {
    const file = path.join(folder, 'answer.parquet');
    await writeFileOf(result, format, file);
    return await writeAll(io.stdout, createReadStream(file) as AsyncIterable<Buffer>);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFileOf(result: Result, format: QueryFormat, file: string): Promise<void> {
  if (format === 'parquet') {
    // Loaded only here: it loads DuckDB, which takes 25 MB.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { writeParquet } = require('./parquet-file') as typeof ParquetFile;
    await writeParquet(result, file);
    return;
  }
  const stream = createWriteStream(file, { flags: 'wx' });
  await once(stream, 'open');
  await writeAll(stream, formatResult(result, format));
  stream.end();
  await finished(stream);
}

/** @throws UsageError where the answer would be bytes on a terminal */
export function checkOutput(format: QueryFormat, isTerminal: boolean): void {
  if (format === 'parquet' && isTerminal)
    throw new UsageError('--format parquet: a terminal shows no Parquet; give --output FILE');
}

/**
 * @throws UsageError for an option that takes one value and was given several times, which yargs turns into
 * an array
 */
export function givenOnce(options: QueryCommandOptions): void {
  for (const name of [
    'since',
    'until',
    'where',
    'every',
    'limit',
    'raw',
    'format',
    'output',
    'from',
  ] as const)
    if (Array.isArray(options[name])) throw new UsageError(`--${name} is given more than once`);
}

/** Writes piece by piece, as fast as the reader takes them; false if the reader went away. */
export async function writeAll(output: Writable, pieces: AsyncIterable<string | Buffer>): Promise<boolean> {
  const gone = new AbortController();
  const failures: Error[] = [];
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') failures.push(error);
    gone.abort();
  };
  // A write can fail later, so the listener stays as long as the output does.
  output.on('error', onError);
  try {
    for await (const piece of pieces) {
      if (gone.signal.aborted) break;
      if (!output.write(piece)) await once(output, 'drain', { signal: gone.signal });
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
  if (failures[0] !== undefined)
    throw new FailureError(`the answer can't be written: ${diskProblem(failures[0])}`);
  return !gone.signal.aborted;
}

function counted(result: Result, counter: { rows: number }): Result {
  const rows = async function* (): AsyncGenerator<readonly Row[]> {
    for await (const batch of result.rows) {
      counter.rows += batch.length;
      yield batch;
    }
  };
  return { ...result, rows: rows() };
}

/** @throws UsageError for an unknown format */
export function parseFormat(text: string): QueryFormat {
  const format = QUERY_FORMATS.find((name) => name === text);
  if (format === undefined) throw new UsageError(`--format ${text}: use one of ${QUERY_FORMATS.join(', ')}`);
  return format;
}

function seriesIn({ series }: QueryCommandOptions): string {
  if (series !== undefined && series !== '') return series;
  throw new UsageError(`name a series, such as query tx; there are ${SERIES_NAMES.join(', ')}`);
}

function rawAlone(options: QueryCommandOptions): null {
  const { series, since, until, where, agg, by, every, limit } = options;
  if (series !== undefined)
    throw new UsageError(`--raw is a whole statement; leave out the series ${series}, or --raw`);
  for (const [name, value] of Object.entries({ since, until, where, agg, by, every, limit }))
    if (value !== undefined) throw new UsageError(`--raw is a whole statement; put --${name} into it`);
  return null;
}
