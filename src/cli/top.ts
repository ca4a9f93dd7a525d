import type { Argv, CommandModule } from 'yargs';
import { parseDuration } from '../lib/duration';
import { UsageError } from '../lib/errors';
import { LIST_FORMATS, type ListFormat } from '../query/format';
import { NETWORK_NAMES } from '../wire/networks';
import type * as Top from '../top/top-command';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import type { OptionTable } from './option';
import { untilSignal } from './signals';
import { STORE } from './store-option';

interface TopArguments {
  readonly dataDir: string;
  readonly store: string | undefined;
  readonly node: string | undefined;
  readonly network: string | undefined;
  readonly every: string;
  readonly once: boolean;
  readonly format: ListFormat | 'text';
}

/** The shortest interval. With shorter ones a node would spend most of its time on its viewer. */
const LEAST_EVERY_MS = 500;

function everyMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < LEAST_EVERY_MS || ms > 86_400_000)
    throw new UsageError(`--every ${text}: give a duration from 500ms to 1d, such as 2s or 1m`);
  return ms;
}

/** The options of `top`. */
export const TOP_OPTIONS = {
  store: STORE,
  node: {
    type: 'string',
    requiresArg: true,
    describe: 'Node to show, if the store has several',
  },
  network: {
    choices: NETWORK_NAMES,
    requiresArg: true,
    describe: 'Network to show, if the store has several',
  },
  every: {
    read: everyMs,
    type: 'string',
    requiresArg: true,
    default: '2s',
    describe: 'Interval between two frames',
  },
  once: {
    type: 'boolean',
    default: false,
    describe: 'Print one frame as plain text; the default without a terminal',
  },
  format: {
    choices: [...LIST_FORMATS, 'text'],
    default: 'table',
    requiresArg: true,
    describe: 'With --once: format of the frame; csv has a line for each figure; text is the same as table',
  },
} as const satisfies OptionTable;

/** `btcdmon-node top`: a node, or a store, on a terminal. */
export const topCommand: CommandModule<object, TopArguments> = {
  command: 'top',
  describe: 'Show a running node, or any store, on a terminal',
  builder: (yargs) =>
    withOptions(yargs, TOP_OPTIONS)
      .example('$0 top', 'show the node of this user')
      .example('$0 top --once --format json', 'print the same for a script')
      .example(
        '$0 top --store influx+http://localhost:8086/btcdmon --node alice',
        'show one of the nodes that write into an InfluxDB',
      ) as unknown as Argv<TopArguments>,
  handler: async (argv) => {
    const { dataDir, store, node, network, every, once, format } = argv;
    const isTable = format === 'table' || format === 'text';
    if (!isTable && !once)
      throw new UsageError(`--format ${format}: a frame for a program is printed once; add --once`);
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runTop } = require('../top/top-command') as typeof Top;
    await runTop(
      {
        ...{ from: store ?? defaultStore(dataDir), choice: { node, network }, env: process.env },
        ...{ everyMs: everyMs(every), once, format: isTable ? 'table' : format },
      },
      {
        stdout: process.stdout,
        stdin: process.stdin,
        untilSignal: () => untilSignal(new Promise<never>(() => undefined)),
      },
    );
  },
};
