import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { isSeries } from '../metrics/schema';
import { isPanel } from '../panels/list';
import { isPanelName, runPanelCommand } from '../panels/panel-command';
import { AGGREGATES, parseLimit } from '../query/model';
import { parsePersonTime, personTimeText, systemZone } from '../query/person-time';
import { QUERY_FORMATS, type QueryCommandOptions, runQueryCommand } from '../query/query-command';
import { nowNs, parseDuration } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';
import { STORE } from './store-option';

/** The options below and the global ones as yargs parses them. */
interface QueryArguments extends Omit<QueryCommandOptions, 'from'> {
  readonly store?: string | undefined;
  readonly dataDir: string;
}

/** The forms of times. */
export const TIME_FORMS =
  'a duration ago (90s 1h30m 7d 2w), today, yesterday, 02:00, 2026-11-01, 2026-11-01T10:00:00Z or Unix seconds; in the zone of this machine (TZ) if none is given';

/** The clock and the zone that times of the command line count from. */
export function now(): { readonly ns: bigint; readonly zone: string } {
  return { ns: nowNs(), zone: systemZone() };
}

/** The options of `query`. */
export const QUERY_OPTIONS = {
  since: {
    read: (text: string) => parsePersonTime('--since', text, now()),
    type: 'string',
    requiresArg: true,
    describe: `Start: ${TIME_FORMS} [default: 1h]`,
  },
  until: {
    read: (text: string) => parsePersonTime('--until', text, now()),
    type: 'string',
    requiresArg: true,
    describe: 'End, in the same forms [default: now]',
  },
  where: {
    mayHaveLines: true,
    type: 'string',
    requiresArg: true,
    describe: 'Condition: = != < <= > >= IN NOT AND OR ( ), strings in single quotes',
  },
  agg: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: `Aggregate and its column: ${AGGREGATES.join('|')} or any of p1 to p99 [COLUMN]; without a column, count and rate are those of points`,
  },
  by: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: (names: string[] | undefined) => names?.flatMap((name) => name.split(',')),
    describe: 'Tags or columns to group by',
  },
  every: {
    read: (text: string) => parseDuration('--every', text),
    type: 'string',
    requiresArg: true,
    describe: 'Length of time buckets, such as 1m; they are aligned to the Unix epoch',
  },
  limit: {
    read: parseLimit,
    type: 'string',
    requiresArg: true,
    describe:
      'Maximum number of rows; the newest are shown, 0 shows all [default: 100 for tables on a terminal, else 0]',
  },
  format: {
    choices: QUERY_FORMATS,
    default: 'table',
    requiresArg: true,
    describe:
      'Format of the answer; parquet needs --output or a pipe; csv puts an apostrophe before texts that a spreadsheet would evaluate, csv-raw does not',
  },
  columns: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: (names: string[] | undefined) => names?.flatMap((name) => name.split(',')),
    describe: 'Columns of the answer that are written, in this order',
  },
  output: {
    isPath: true,
    type: 'string',
    requiresArg: true,
    describe: 'File for the answer, which must not exist yet; it appears when the answer is complete',
  },
  store: {
    ...STORE,
    describe: `${STORE.describe} with the password in BTCDMON_INFLUX_PASSWORD; that of --data-dir also while the node runs`,
  },
  raw: {
    mayHaveLines: true,
    type: 'string',
    requiresArg: true,
    describe: 'Run one statement that only reads, in the language of the store: SQL or InfluxQL',
  },
} as const satisfies OptionTable;

/** `btcdmon-node query`: reads series back, from the embedded store or from InfluxDB. */
export const queryCommand: CommandModule<object, QueryArguments> = {
  command: 'query [series]',
  describe: 'Query series in the embedded store or in InfluxDB',
  builder: (yargs) => options(yargs) as unknown as Argv<QueryArguments>,
  handler: (argv) => {
    const at = now();
    const timeOf = (name: 'since' | 'until'): string | undefined => {
      const text = argv[name];
      return text === undefined ? undefined : personTimeText(`--${name}`, text, at);
    };
    const options = {
      ...argv,
      from: argv.store ?? defaultStore(argv.dataDir),
      since: timeOf('since'),
      until: timeOf('until'),
    };
    const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, nowNs: at.ns };
    const { series } = argv;
    if (series !== undefined && !isSeries(series) && isPanel(series))
      throw new UsageError(`there is no series ${series}; it is a named query, with @: query @${series}`);
    return isPanelName(series) ? runPanelCommand(options, io) : runQueryCommand(options, io);
  },
};

function options(yargs: Argv) {
  const withSeries = yargs.positional('series', {
    type: 'string',
    describe:
      'Series to read, or @NAME for a panel of the page; the commands `series` and `queries` list them',
  });
  return withOptions(withSeries, QUERY_OPTIONS)
    .example(
      `$0 query tx_outputs --where "script_type != 'pubkeyhash'"`,
      'Outputs of the last hour that are not P2PKH',
    )
    .example(
      '$0 query peers --since 1d --agg count version --by user_agent',
      'Connections of a day by user agent',
    )
    .example('$0 query tx_outputs --agg p90 value --every 5m', 'A percentile for every five minutes')
    .example('$0 query msg_recv --agg rate tx --every 1m --format csv', 'Transactions received per second')
    .example(
      '$0 query tx --agg count --store influx+http://localhost:8086/btcdmon',
      'The same kind of query to InfluxDB',
    )
    .example(
      '$0 query tx_fees --since yesterday --until today --columns time,fee,fee_rate --format parquet --output fees.parquet',
      'Columns of a day, as a file for other programs',
    )
    .example('$0 query @mempool-size --since 6h', 'The numbers of a panel of the page and of Grafana')
    .example(
      '$0 query --raw "SELECT max(best_height) FROM blocks"',
      'A statement in the language of the store',
    );
}
