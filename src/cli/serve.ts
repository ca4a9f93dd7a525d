import type { Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { UsageError } from '../lib/errors';
import { expandHome } from '../lib/home';
import { createLog } from '../lib/log';
import type * as ServeApp from '../app/serve-app';
import { defaultStore } from './data-directory';
import { httpSettings } from './http-settings';
import { withOptions } from './flags';
import type { OptionTable } from './option';
import type { GLOBAL_OPTIONS } from './options';
import { HTTP_OPTIONS } from './shared-options';
import type { Settings } from './settings';
import { untilSignal } from './signals';
import { STORE } from './store-option';

/** The options of `serve` beside those of the page. */
export const SERVE_OPTIONS = {
  store: { ...STORE, describe: 'Store to show: duckdb:PATH or parquet:DIR' },
} as const satisfies OptionTable;

type ServeArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof HTTP_OPTIONS & typeof SERVE_OPTIONS>;

/** `btcdmon-node serve`: the page of a store that no node has open. Flags override `settings`. */
export const serveCommand = (settings: Settings): CommandModule<object, ServeArguments> => ({
  command: 'serve',
  describe: 'Serve the page of a store that no node has open',
  builder: (yargs) =>
    withOptions(withOptions(yargs, SERVE_OPTIONS), HTTP_OPTIONS, settings)
      .example('$0 serve', 'show the store of --data-dir at http://127.0.0.1:8380/')
      .example(
        '$0 serve --store duckdb:copy.duckdb --http 127.0.0.1:8381',
        'show a copy',
      ) as Argv<ServeArguments>,
  handler: async (args) => {
    const store = args.store ?? defaultStore(args.dataDir);
    const [, scheme = '', place] = /^(duckdb|parquet):(.+)$/is.exec(store) ?? [];
    if (place === undefined)
      throw new UsageError(
        `--store ${store.split(':', 1).join()}:…: serve can only show embedded stores and Parquet files; use duckdb:PATH or parquet:DIR`,
      );
    const http = await httpSettings(args, process.env);
    if (http === undefined)
      throw new UsageError('--http off: serve has nothing to do without the page; leave it out');
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { serveStore } = require('../app/serve-app') as typeof ServeApp;
    const app = await serveStore(
      { file: expandHome(place), isFolder: /^parquet$/i.test(scheme), http: { ...http, given: true } },
      { log: createLog(args.logLevel) },
    );
    await untilSignal(new Promise(() => undefined));
    await app.stop();
  },
});
