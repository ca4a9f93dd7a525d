import path from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import type * as CollectApp from '../app/collect-app';
import { createLog } from '../lib/log';
import { alertSettings } from './alert-settings';
import type { CollectArguments } from './arguments';
import { collectSettings } from './collect-settings';
import { withOptions } from './flags';
import { dataDirectory, defaultStore } from './data-directory';
import { httpSettings } from './http-settings';
import { COLLECT_OPTIONS } from './options';
import type { Settings } from './settings';
import { untilSignal } from './signals';

/** `btcdmon-node collect`: takes the points of other nodes until it is stopped. Flags override `settings`. */
export const collectCommand = (settings: Settings): CommandModule<object, CollectArguments> => ({
  command: 'collect',
  describe: 'Collect the points of many nodes and write them where --export says',
  builder: (yargs) =>
    withOptions(yargs, COLLECT_OPTIONS, settings)
      .example('$0 collect', 'collect from nodes on this machine (--export line+tcp://127.0.0.1:8094?ack=on)')
      .example(
        '$0 collect -l tcp://0.0.0.0:8094 --tls-cert c.pem --tls-key k.pem --token-file token -e duckdb:all.duckdb',
        'collect from other machines',
      ) as Argv<CollectArguments>,
  handler: async (args) => {
    const { spoolBytes: maxBytes, ...settings } = await collectSettings(args);
    const folder = await dataDirectory(args.dataDir);
    const exports = args.export ?? [defaultStore(folder)];
    const spools = { directory: path.join(folder, 'collect-spool'), maxBytes };
    const http = await httpSettings(args, process.env, args.export);
    const alerts = alertSettings(args, process.env, {
      dataDir: folder,
      file: 'alerts-collect.json',
      urls: args.export,
    });
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { startCollect } = require('../app/collect-app') as typeof CollectApp;
    const app = await startCollect(
      { ...settings, exports, spools, http, alerts },
      { log: createLog(args.logLevel) },
    );
    await untilSignal(app.ended, () => app.killed());
    await app.stop();
  },
});
