import type { Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { UsageError } from '../errors';
import { createLog } from '../log';
import { serveStore } from '../serve-app';
import { defaultStore } from './data-directory';
import { httpSettings } from './http-settings';
import { type GLOBAL_OPTIONS, HTTP_OPTIONS } from './options';
import type { Settings } from './settings';
import { untilSignal } from './signals';

/** Apart from those that a file or the environment may set: there `from` is of `collect`. */
const FROM = {
  from: {
    type: 'string',
    requiresArg: true,
    defaultDescription: 'the store of --data-dir',
    describe: 'Store to show: duckdb:PATH',
  },
} as const;

type ServeArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof HTTP_OPTIONS & typeof FROM>;

/** `btcdmon-node serve`: the page over a store that no node has open. Flags win over `settings`. */
export const serveCommand = (settings: Settings): CommandModule<object, ServeArguments> => ({
  command: 'serve',
  describe: 'Show the page over a store that no node has open',
  builder: (yargs) =>
    yargs
      .options(FROM)
      .options(HTTP_OPTIONS)
      .config(settings)
      .example('$0 serve', 'the store of --data-dir, at http://127.0.0.1:8380/')
      .example('$0 serve --from duckdb:copy.duckdb --http 127.0.0.1:8381', 'a copy') as Argv<ServeArguments>,
  handler: async (args) => {
    if (Array.isArray(args.from)) throw new UsageError('--from: give it once');
    const from = args.from ?? defaultStore(args.dataDir);
    const file = /^duckdb:(.+)$/is.exec(from)?.[1];
    if (file === undefined)
      throw new UsageError(
        `--from ${from.split(':', 1).join()}:…: the page is over an embedded store; use duckdb:PATH`,
      );
    const http = await httpSettings(args, process.env);
    if (http === undefined) throw new UsageError('--http off: serve does nothing else; leave it out');
    const app = await serveStore({ file, http: { ...http, given: true } }, { log: createLog(args.logLevel) });
    await untilSignal(new Promise(() => undefined));
    await app.stop();
  },
});
