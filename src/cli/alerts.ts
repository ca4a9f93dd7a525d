import type { Argv, CommandModule } from 'yargs';
import { runAlertsCommand } from '../alerts/alerts-command';
import { FORMATS } from '../query/format';
import { nowNs, parseTime } from '../query/time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';

interface AlertsArguments {
  readonly dataDir: string;
  readonly from: string | undefined;
  readonly at: string | undefined;
  readonly format: string;
}

/** The options of `alerts`. */
export const ALERTS_OPTIONS = {
  format: { choices: FORMATS, default: 'table', describe: 'Format of the list' },
  from: {
    type: 'string',
    requiresArg: true,
    defaultDescription: 'the store of --data-dir',
    describe: 'Store whose alerts are shown: duckdb:PATH or influx+http://[user@]host:8086/DATABASE',
  },
  at: {
    read: (text: string) => parseTime('--at', text, nowNs()),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'now; where no node runs, the newest point',
    describe: 'Evaluate them at this time: a duration before now (30s 5m 1h 7d 2w), RFC 3339 or Unix seconds',
  },
} as const satisfies OptionTable;

/** `btcdmon-node alerts`: which alerts fire. */
export const alertsCommand: CommandModule<object, AlertsArguments> = {
  command: 'alerts',
  describe: 'List the alerts and their states; status 1 if one fires',
  builder: (yargs) =>
    withOptions(yargs, ALERTS_OPTIONS)
      .example('$0 alerts', 'ask the running node, or evaluate the store that it has left')
      .example(
        '$0 alerts --at 2026-11-01T02:00:00Z --format json',
        'what fired at that time',
      ) as Argv<AlertsArguments>,
  handler: async ({ dataDir, from, at, format }) => {
    const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, nowNs: nowNs() };
    const fires = await runAlertsCommand({ from: from ?? defaultStore(dataDir), at, format }, io);
    if (fires) process.exitCode = 1;
  },
};
