import { type StoreTimes, type View, boundsOf } from './view';
import type { QueryRequest } from './api-types';

/** The command that returns what the page shows of a panel. */
export function panelCommand(name: string, view: View, times: StoreTimes): string {
  const { since, until } = boundsOf(view, times);
  const conditions = [
    ...(view.node === null ? [] : [equals('node', view.node)]),
    ...(view.network === null ? [] : [equals('network', view.network)]),
  ];
  return words([
    'btcdmon-node',
    'query',
    `@${name}`,
    '--since',
    since,
    ...(until === null ? [] : ['--until', until]),
    ...(conditions.length === 0 ? [] : ['--where', conditions.join(' AND ')]),
  ]);
}

/** A condition in the syntax of queries. */
export function equals(tag: string, value: string): string {
  return `${tag} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The command that runs the query of the query box. */
export function queryCommand(request: QueryRequest): string {
  if ('raw' in request) return words(['btcdmon-node', 'query', '--raw', request.raw]);
  const { series, agg = [], by = [], where, every, since, until, limit } = request.query;
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [name, String(value)];
  return words([
    'btcdmon-node',
    'query',
    series,
    ...(agg.length === 0 ? [] : ['--agg', ...agg]),
    ...option('--by', by.length === 0 ? undefined : by.join(',')),
    ...option('--every', every),
    ...option('--where', where),
    ...option('--since', since),
    ...option('--until', until),
    ...option('--limit', limit),
  ]);
}

/** Quotes words for a POSIX shell. */
function words(list: readonly string[]): string {
  return list
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
