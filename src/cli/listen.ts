import path from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type * as Listener from '../app/listener';
import { openLabels } from '../p2p/join/address-labels';
import { openAddressList } from '../p2p/join/address-lists';
import type { JoinOptions } from '../p2p/join/prepare-join';
import { createLog, logOutput } from '../lib/log';
import { StatusLine } from '../lib/status-line';
import { alertSettings } from './alert-settings';
import type { ListenArguments } from './arguments';
import { asMapOf } from './as-map';
import { withOptions } from './flags';
import { dataDirectory, defaultStore } from './data-directory';
import { httpSettings } from './http-settings';
import { keepHeapSmall } from './heap';
import { listenSettings } from './listen-settings';
import { routeSettings } from './route-settings';
import { LISTEN_OPTIONS } from './options';
import type { Settings } from './settings';
import { torSettings } from './tor-settings';
import { untilSignal } from './signals';
import { readLabel } from './values';
import { watchSettings } from './watch-settings';

/** `btcdmon-node --connect …`: listens until it is stopped. Flags override `settings`. */
export const listenCommand = (settings: Settings): CommandModule<object, ListenArguments> => ({
  command: '$0',
  describe: 'Listen to peers and write time series of their messages',
  builder: (yargs) =>
    withOptions(yargs, LISTEN_OPTIONS, settings)
      .example('$0 --connect 127.0.0.1', 'listen to a mainnet btcd, write into the embedded store')
      .example('$0 --join --peers 16', 'find 16 peers of mainnet')
      .example('$0 --network testnet4 -c seed.example.org -e stdout:', 'write line protocol into a pipe')
      .example(
        '$0 -c 192.0.2.1 -c [2001:db8::1]:8333 -e influx+udp://influx.lan',
        'listen to two peers, write into InfluxDB',
      )
      .example(
        '$0 -c 127.0.0.1 --watch auto',
        'also watch the btcd or Core of this machine by its RPC',
      ) as Argv<ListenArguments>,
  handler: async (args) => {
    keepHeapSmall();
    const { spoolBytes: maxBytes, ...settings } = listenSettings(args);
    const routes = await routeSettings(args, settings.connect, process.env);
    const tor = await torSettings(args, process.env);
    const dataDir = await dataDirectory(args.dataDir);
    const exports = args.export ?? [defaultStore(dataDir)];
    const chainDir = args.validate === 'full' ? path.join(dataDir, `chain-${settings.network}`) : undefined;
    const spools = { directory: path.join(dataDir, 'spool'), maxBytes };
    const status = new StatusLine(logOutput());
    const log = createLog(args.logLevel, status);
    const http = await httpSettings(args, process.env, args.export);
    const alerts = alertSettings(args, process.env, { dataDir, file: 'alerts.json', urls: args.export });
    const watch = await watchSettings(args, process.env);
    const join = await joinWith(settings.join, args.exclude);
    const asMap = await asMapOf(args.asmap);
    const labels = args.label === undefined ? undefined : await openLabels(args.label.map(readLabel));
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { startApp } = require('../app/listener') as typeof Listener;
    const app = await startApp(
      {
        ...{ ...settings, ...join, ...watch, asMap, labels },
        ...{ routes, tor, exports, dataDir, chainDir, spools, http, alerts },
      },
      { log, status },
    );
    try {
      await untilSignal(app.ended, () => app.killed());
    } finally {
      await app.stop();
    }
  },
});

/** The settings for joining a network, with the list of those that are left alone. */
async function joinWith(
  join: JoinOptions | undefined,
  exclude: string | undefined,
): Promise<{ readonly join?: JoinOptions }> {
  if (join === undefined) return {};
  if (exclude === undefined) return { join };
  return { join: { ...join, excluded: await openAddressList(`--exclude ${exclude}`, exclude) } };
}
