import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import { isSeries } from '../metrics/schema';
import { isPanel } from '../panels/list';
import { isPanelName, runPanelCommand } from '../panels/panel-command';
import { FORMATS } from '../query/format';
import { AGGREGATES, parseLimit } from '../query/model';
import { type QueryCommandOptions, runQueryCommand } from '../query/query-command';
import { nowNs, parseDuration, parseTime } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';

/** The options below and the global ones as yargs parses them. */
interface QueryArguments extends Omit<QueryCommandOptions, 'from'> {
  readonly from?: string | undefined;
  readonly dataDir: string;
}

/** The options of `query`. */
export const QUERY_OPTIONS = {
  since: {
    read: (text: string) => parseTime('--since', text, nowNs()),
    type: 'string',
    requiresArg: true,
    describe: 'Start: a duration before now (30s 5m 1h 7d 2w), RFC 3339 or Unix seconds [default: 1h]',
  },
  until: {
    read: (text: string) => parseTime('--until', text, nowNs()),
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
    describe: `Aggregate and its column: ${AGGREGATES.join('|')} [COLUMN]; without a column, count and rate are those of points`,
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
    choices: FORMATS,
    default: 'table',
    requiresArg: true,
    describe:
      'Format of the answer; csv puts an apostrophe before texts that a spreadsheet would evaluate, csv-raw does not',
  },
  from: {
    type: 'string',
    requiresArg: true,
    describe:
      'Store to read: duckdb:PATH or influx+http://[user@]host:8086/DATABASE with the password in BTCDMON_INFLUX_PASSWORD [default: the store of --data-dir, also while the node runs]',
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
    const options = { ...argv, from: argv.from ?? defaultStore(argv.dataDir) };
    const io = {
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      nowNs: nowNs(),
    };
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
      '$0 query tx --agg count --from influx+http://localhost:8086/btcdmon',
      'The same kind of query to InfluxDB',
    )
    .example('$0 query @mempool-size --since 6h', 'The numbers of a panel of the page and of Grafana')
    .example(
      '$0 query --raw "SELECT max(best_height) FROM blocks"',
      'A statement in the language of the store',
    );
}
