import type { Argv, CommandModule } from 'yargs';
import { UsageError } from '../lib/errors';
import type { ListFormat } from '../query/format';
import { parsePersonTime } from '../query/person-time';
import type * as WhyCommand from '../why/why-command';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import { LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { QUERY_OPTIONS, TIME_FORMS, now } from './query';
import { STORE } from './store-option';

interface WhyArguments {
  readonly dataDir: string;
  readonly id: string | undefined;
  readonly store: string | undefined;
  readonly since: string | undefined;
  readonly format: ListFormat;
}

/** The options of `why`. */
export const WHY_OPTIONS = {
  since: {
    ...QUERY_OPTIONS.since,
    defaultDescription: 'a day of transactions, 30 days of blocks and peers',
    describe: `Search the store from this time on: ${TIME_FORMS}`,
  },
  format: LIST_FORMAT,
  store: STORE,
} as const satisfies OptionTable;

/** `btcdmon-node why`: what is known of one transaction, block or peer. */
export const whyCommand: CommandModule<object, WhyArguments> = {
  command: 'why [id]',
  describe: 'Show everything that is known about a transaction, a block or a peer, and what is not',
  builder: (yargs) =>
    withOptions(
      yargs.positional('id', {
        type: 'string',
        describe: 'txid, wtxid, block hash, height, or address:port of a peer',
      }),
      WHY_OPTIONS,
    )
      .example('$0 why 4a5e1e4baab8', 'who announced a transaction, what was found, and its block')
      .example('$0 why 900000 --format json', 'a block, for a program') as unknown as Argv<WhyArguments>,
  handler: async ({ dataDir, id, store = defaultStore(dataDir), since, format }) => {
    if (id === undefined || id === '')
      throw new UsageError(
        'why: names nothing; give a txid, a wtxid, a block hash, a height or the address:port of a peer',
      );
    const at = now();
    const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, nowNs: at.ns };
    // Other commands don't load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { runWhyCommand } = require('../why/why-command') as typeof WhyCommand;
    await runWhyCommand(
      { id, store, sinceNs: since === undefined ? undefined : parsePersonTime('--since', since, at), format },
      io,
    );
  },
};
