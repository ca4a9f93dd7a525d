import type { Argv, CommandModule, InferredOptionTypes } from 'yargs';
import type * as Listener from '../app/listener';
import { SystemClock } from '../lib/clock';
import type * as Bcoin from '../bcoin/bcoin';
import type * as Demo from '../demo/demo-command';
import { invocationOf } from '../demo/next-query';
import { UsageError } from '../lib/errors';
import { createLog } from '../lib/log';
import { dataDirectory } from './data-directory';
import { httpSettings } from './http-settings';
import { withOptions } from './flags';
import type { OptionTable } from './option';
import type { GLOBAL_OPTIONS } from './options';
import { EXPORT, HTTP_OPTIONS } from './shared-options';
import type { Settings } from './settings';
import { untilSignal } from './signals';

/** A day; 0 is for a longer demo, until Ctrl-C. */
const MOST_SECONDS = 86_400;

function parseSeconds(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value <= MOST_SECONDS) return value;
  throw new UsageError(`--seconds ${text}: give a number from 0 (until Ctrl-C) to ${MOST_SECONDS}`);
}

/** The options of `demo` beside those of the page. */
export const DEMO_OPTIONS = {
  seconds: {
    read: parseSeconds,
    type: 'string',
    defaultDescription: 'shows its numbers for a minute, then leaves the page up until Ctrl-C',
    describe: 'Seconds after which the demo ends; with 0 it runs until Ctrl-C',
  },
  export: {
    ...EXPORT,
    defaultDescription: 'none but its own store',
    describe: EXPORT.describe.replace('Where points go', 'Where its points go as well'),
  },
} as const satisfies OptionTable;

type DemoArguments = InferredOptionTypes<typeof GLOBAL_OPTIONS & typeof HTTP_OPTIONS & typeof DEMO_OPTIONS>;

/**
 * `btcdmon-node demo`: a network, the listener on it, a store and its page, in one process. Flags override
 * `settings`.
 */
export const demoCommand = (settings: Settings): CommandModule<object, DemoArguments> => ({
  command: 'demo',
  describe: 'Run a small Bitcoin network (regtest) in this process and monitor it',
  builder: (yargs) =>
    withOptions(withOptions(yargs, DEMO_OPTIONS), HTTP_OPTIONS, settings)
      .example('$0 demo', 'run until Ctrl-C, and say after a minute what to type next')
      .example('$0 demo --seconds 60', 'end after a minute')
      .example(
        '$0 demo --export influx+http://127.0.0.1/demo',
        'write into an InfluxDB as well',
      ) as Argv<DemoArguments>,
  handler: async (args) => {
    const { dataDir, seconds, logLevel } = args;
    const http = await httpSettings(args, process.env);
    const live = process.stdout.isTTY && logLevel !== 'debug';
    // The summary already shows what is logged at `info`, and log lines would break its frames.
    const log = createLog(logLevel === 'info' ? 'warn' : logLevel);
    const readerGone = new Promise((resolve) => process.stdout.on('error', resolve));
    // Other commands don't load these.
    /* eslint-disable @typescript-eslint/no-require-imports */
    const { startApp } = require('../app/listener') as typeof Listener;
    const { loadRegtestParts } = require('../bcoin/bcoin') as typeof Bcoin;
    const { runDemo } = require('../demo/demo-command') as typeof Demo;
    /* eslint-enable @typescript-eslint/no-require-imports */
    await runDemo(
      {
        dataDir: await dataDirectory(dataDir),
        seconds: seconds === undefined ? null : parseSeconds(seconds),
        exports: args.export ?? [],
        live,
        http,
        invocation: invocationOf(process),
      },
      {
        log,
        clock: new SystemClock(),
        out: process.stdout,
        startApp,
        loadRegtestParts,
        untilSignal: (ended) => untilSignal(Promise.race([ended, readerGone])),
      },
    );
  },
});
