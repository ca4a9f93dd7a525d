import path from 'node:path';
import { FailureError, UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { suggestion } from '../lib/nearest';
import { type ListFormat, formatResult } from './format';
import { matches } from './matches';
import { type Query, parseLimit, parseQuery } from './model';
import { type OpenSessions, askSessions } from './open-sessions';
import { openSource } from './open-source';
import { type CommandIo, writeAll } from './query-command';
import { type ResultColumn, type Row, type Value, allRows, inOneBatch, resultColumns } from './result';
import { placesOf, selectColumns } from './select-columns';
import { ifThere } from './store-nodes';
import type { Where } from './where';

/** Which connections are listed. */
export const PEER_STATES = ['all', 'connected', 'ended'] as const;

/** Arguments of the command `peers`. */
export interface PeersCommandOptions {
  /** URL of the store. */
  readonly store: string;
  readonly state: (typeof PEER_STATES)[number];
  /** When connections ended that are listed. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** A condition on the columns of `peer_sessions`. */
  readonly where?: string | undefined;
  /** A part of the user agent. */
  readonly client?: string | undefined;
  /** A column, with an optional `:asc` or `:desc`. */
  readonly sort?: string | undefined;
  readonly limit?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly format: ListFormat;
}

/** Most rows of a table on a terminal without --limit. */
const TERMINAL_ROWS = 100;

/** What a table shows where no columns are chosen. Those without a value in any row are left out. */
const TABLE_COLUMNS = [
  ...['state', 'time', 'address', 'is_inbound', 'address_network', 'asn', 'labels', 'user_agent'],
  ...['duration', 'bytes_recv', 'bytes_sent', 'ping_median', 'inv_first', 'undelivered', 'spy_score'],
  ...['spy_reasons', 'reason'],
];

/** Every connection has an address; a sum of several has none. */
const HAS_ADDRESS: Where = { kind: 'compare', column: 'address', op: '!=', value: '' };

/** An order of rows; negative where the first comes first. */
type Order = (a: Row, b: Row) => number;

/**
 * Runs the command `peers`: lists the open connections of the node that has the store open, and those in the
 * store that have ended.
 * @throws UsageError, FailureError
 */
export async function runPeersCommand(options: PeersCommandOptions, io: CommandIo): Promise<void> {
  const { state, format } = options;
  const query = queryOf(options, io.nowNs);
  const columns: readonly ResultColumn[] = [{ name: 'state', type: 'string' }, ...resultColumns(query)];
  const place = new Map(columns.map(({ name }, index) => [name, index]));
  const valueIn = (row: Row, name: string): Value => row[place.get(name) ?? -1] ?? null;
  const order = options.sort === undefined ? byState(valueIn) : orderOf(options.sort, columns);
  const limit = limitOf(options, io);
  if (options.columns !== undefined) placesOf(columns, options.columns);

  const connected = state === 'ended' ? null : await openRows(options, columns);
  if (connected === null && state === 'connected')
    throw new FailureError(
      `store ${options.store}: no node runs that has it open; start one, or leave --state out`,
    );
  const all = [
    ...(connected ?? []),
    ...(state === 'connected' ? [] : await endedRows(options.store, query, io)),
  ];
  const client = options.client?.toLowerCase();
  const wanted = all.filter((row) => {
    const isMet = query.where === null || matches(query.where, (name) => valueIn(row, name));
    const agent = valueIn(row, 'user_agent');
    return (
      isMet && (client === undefined || (typeof agent === 'string' && agent.toLowerCase().includes(client)))
    );
  });
  const rows = wanted.sort(order).slice(0, limit === 0 ? undefined : limit);
  const names =
    options.columns ??
    (format === 'table' ? TABLE_COLUMNS.filter((name) => isShown(rows, name, valueIn)) : undefined);
  await writeAll(io.stdout, formatResult(selectColumns({ columns, rows: inOneBatch(rows) }, names), format));
  if (rows.length < wanted.length && options.limit === undefined)
    io.stderr.write(`${rows.length} of ${wanted.length} connections shown; --limit 0 shows all\n`);
  if (format === 'table' && rows.length === 0) io.stderr.write('nothing found\n');
}

function queryOf({ since, until, where }: PeersCommandOptions, nowNs: bigint): Query {
  const query = parseQuery({ series: 'peer_sessions', since, until, where }, nowNs);
  return {
    ...query,
    where: query.where === null ? HAS_ADDRESS : { kind: 'and', terms: [HAS_ADDRESS, query.where] },
  };
}

function limitOf({ limit, format }: PeersCommandOptions, { stdout }: CommandIo): number {
  if (limit !== undefined) return parseLimit(limit);
  return format === 'table' && stdout.isTTY === true ? TERMINAL_ROWS : 0;
}

/** The connections that ended, from the store. */
async function endedRows(store: string, query: Query, { env }: CommandIo): Promise<readonly Row[]> {
  const source = await openSource(store, env);
  try {
    const result = await ifThere(() => source.run(query));
    return result === null ? [] : (await allRows(result)).map((row) => ['ended', ...row]);
  } finally {
    await source.close();
  }
}

/** The open connections of the node that has the store open; null if none runs. */
async function openRows(
  { store }: PeersCommandOptions,
  columns: readonly ResultColumn[],
): Promise<readonly Row[] | null> {
  const file = /^duckdb:(.+)$/is.exec(store)?.[1];
  const told = file === undefined ? null : await askSessions(path.resolve(expandHome(file)));
  return told === null ? null : told.rows.map((row) => openRow(told, row, columns));
}

function openRow(
  { node, network, columns: names }: OpenSessions,
  row: Row,
  columns: readonly ResultColumn[],
): Row {
  const values = new Map<string, Value>(names.map((name, index) => [name, row[index] ?? null]));
  for (const [name, value] of Object.entries({ state: 'connected', node, network })) values.set(name, value);
  return columns.map(({ name }) => values.get(name) ?? null);
}

/** Open connections first, the oldest at the top. Then ended ones, the last to end first. */
function byState(valueIn: (row: Row, name: string) => Value): Order {
  return (a, b) => {
    const [isOpenA, isOpenB] = [a, b].map((row) => valueIn(row, 'state') === 'connected');
    if (isOpenA !== isOpenB) return isOpenA === true ? -1 : 1;
    const name = isOpenA === true ? 'duration' : 'time';
    return compare(valueIn(b, name), valueIn(a, name));
  };
}

/** @throws UsageError for a column that there is not, or another direction */
function orderOf(sort: string, columns: readonly ResultColumn[]): Order {
  const [, name = '', direction] = /^(\w+)(?::(asc|desc))?$/.exec(sort) ?? [];
  const index = columns.findIndex((column) => column.name === name);
  if (index < 0) {
    const names = columns.map((column) => column.name);
    throw new UsageError(
      `--sort ${sort}: give a column, with :asc or :desc behind it where wanted${suggestion(name, names) || `; there are ${names.join(', ')}`}`,
    );
  }
  // The largest and newest come first, texts by the alphabet.
  const isText = columns[index]?.type === 'string';
  const sign = (direction ?? (isText ? 'asc' : 'desc')) === 'asc' ? 1 : -1;
  return (a, b) => {
    const [first = null, second = null] = [a[index], b[index]];
    // Unknown values come last in both directions.
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return sign * compare(first, second);
  };
}

function compare(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

function isShown(rows: readonly Row[], name: string, valueIn: (row: Row, name: string) => Value): boolean {
  return rows.length === 0 || rows.some((row) => valueIn(row, name) !== null);
}
