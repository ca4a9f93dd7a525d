import type { Argv, CommandModule } from 'yargs';
import type * as Alerts from '../alerts/alerts-command';
import type { ListFormat } from '../query/format';
import { parsePersonTime } from '../query/person-time';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import { LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { TIME_FORMS, now } from './query';
import { STORE } from './store-option';

interface AlertsArguments {
  readonly dataDir: string;
  readonly store: string | undefined;
  readonly at: string | undefined;
  readonly format: ListFormat;
}

/** The options of `alerts`. */
export const ALERTS_OPTIONS = {
  format: LIST_FORMAT,
  store: STORE,
  at: {
    read: (text: string) => parsePersonTime('--at', text, now()),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'now; where no node runs, the newest point',
    describe: `Evaluate the alerts at this time: ${TIME_FORMS}`,
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
  handler: async ({ dataDir, store = defaultStore(dataDir), at, format }) => {
    const time = now();
    const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, nowNs: time.ns };
    const atNs = at === undefined ? null : parsePersonTime('--at', at, time);
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runAlertsCommand } = require('../alerts/alerts-command') as typeof Alerts;
    const fires = await runAlertsCommand({ store, at: atNs, format }, io);
    if (fires) process.exitCode = 1;
  },
};
