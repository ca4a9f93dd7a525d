import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { diskProblem } from '../lib/disk-errors';
import { FailureError, UsageError } from '../lib/errors';
import { SERIES_NAMES } from '../metrics/schema';
import { FORMATS, type Format, formatResult } from './format';
import { type QueryArgs, parseQuery } from './model';
import type { Result, Row } from './result';
import { rollupTable } from '../store/rollup-columns';
import { openSource } from './open-source';
import { formatNs } from './time';

/** Arguments of the command `query`. */
export interface QueryCommandOptions extends Omit<QueryArgs, 'series'> {
  readonly series?: string | undefined;
  /** A statement in the store's language, instead of a query. */
  readonly raw?: string | undefined;
  readonly format?: string | undefined;
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
  const onTerminal = format === 'table' && io.stdout.isTTY === true && options.limit === undefined;
  const query =
    options.raw === undefined
      ? parseQuery(
          { ...options, series: seriesIn(options), limit: onTerminal ? TERMINAL_ROWS : options.limit },
          io.nowNs,
        )
      : rawAlone(options);
  const source = await openSource(options.from, io.env);
  try {
    const counter = { rows: 0 };
    const result = query === null ? await source.raw(options.raw ?? '') : await source.run(query);
    if (query !== null && result.rawSince !== undefined)
      io.stderr.write(
        `before ${formatNs(result.rawSince)} the store has only rollups, which can't answer this; look into ${rollupTable(query.series)} with --raw\n`,
      );
    const open = await writeAll(io.stdout, formatResult(counted(result, counter), format));
    if (!open) return;
    if (query !== null && onTerminal && counter.rows >= TERMINAL_ROWS)
      io.stderr.write(`${TERMINAL_ROWS} rows shown, there may be more; --limit 0 shows all\n`);
    if (format === 'table' && counter.rows === 0) io.stderr.write('nothing found\n');
  } finally {
    await source.close();
  }
}

/**
 * @throws UsageError for an option that takes one value and was given several times, which yargs turns into
 * an array
 */
export function givenOnce(options: QueryCommandOptions): void {
  for (const name of ['since', 'until', 'where', 'every', 'limit', 'raw', 'format', 'from'] as const)
    if (Array.isArray(options[name])) throw new UsageError(`--${name} is given more than once`);
}

/** Writes piece by piece, as fast as the reader takes them; false if the reader went away. */
export async function writeAll(output: Writable, pieces: AsyncIterable<string>): Promise<boolean> {
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
  return { columns: result.columns, rows: rows() };
}

/** @throws UsageError for an unknown format */
export function parseFormat(text: string): Format {
  const format = FORMATS.find((name) => name === text);
  if (format === undefined) throw new UsageError(`--format ${text}: use one of ${FORMATS.join(', ')}`);
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
