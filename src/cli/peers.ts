import type { Argv, CommandModule } from 'yargs';
import type { ListFormat } from '../query/format';
import { PEER_STATES, runPeersCommand } from '../query/peers-command';
import { personTimeText } from '../query/person-time';
import { parseWhere } from '../query/where';
import { defaultStore } from './data-directory';
import { withOptions } from './flags';
import { LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { QUERY_OPTIONS, TIME_FORMS, now } from './query';
import { STORE } from './store-option';

interface PeersArguments {
  readonly dataDir: string;
  readonly store: string | undefined;
  readonly state: (typeof PEER_STATES)[number];
  readonly since: string | undefined;
  readonly until: string | undefined;
  readonly where: string | undefined;
  readonly client: string | undefined;
  readonly sort: string | undefined;
  readonly limit: string | undefined;
  readonly columns: readonly string[] | undefined;
  readonly format: ListFormat;
}

/** The options of `peers`. */
export const PEERS_OPTIONS = {
  state: {
    choices: PEER_STATES,
    default: 'all',
    requiresArg: true,
    describe: 'Connections to list: open ones of the running node, ended ones, or both',
  },
  since: {
    ...QUERY_OPTIONS.since,
    describe: `Ended connections from this time on: ${TIME_FORMS} [default: 1h]`,
  },
  until: {
    ...QUERY_OPTIONS.until,
    describe: 'Ended connections up to this time, in the same forms [default: now]',
  },
  where: {
    ...QUERY_OPTIONS.where,
    read: (text: string) => parseWhere('peer_sessions', text),
    describe: 'Condition on columns of peer_sessions, as for query: asn = 24940 AND duration > 3600',
  },
  client: {
    type: 'string',
    requiresArg: true,
    describe: 'Part of the user agent, in small or capital letters',
  },
  sort: {
    type: 'string',
    requiresArg: true,
    describe: 'Column to sort by, the largest value first: COLUMN, COLUMN:asc or COLUMN:desc',
  },
  limit: {
    ...QUERY_OPTIONS.limit,
    describe: 'Maximum number of rows, 0 for all [default: 100 for tables on a terminal, else 0]',
  },
  columns: QUERY_OPTIONS.columns,
  format: LIST_FORMAT,
  store: STORE,
} as const satisfies OptionTable;

/** `btcdmon-node peers`: the connections of a listener, open and ended. */
export const peersCommand: CommandModule<object, PeersArguments> = {
  command: 'peers',
  describe: 'List the peers of a running node, and the connections that have ended',
  builder: (yargs) =>
    withOptions(yargs, PEERS_OPTIONS)
      .example('$0 peers --sort bytes_recv --limit 20', 'who sends the most')
      .example(
        `$0 peers --where "spy_score >= 60" --since 1d --format csv`,
        'who looked like a spy within a day, and is or was connected',
      )
      .example(
        `$0 peers --state connected --client satoshi --where "address_network = 'onion'"`,
        'nodes of Bitcoin Core that are connected by Tor',
      ) as unknown as Argv<PeersArguments>,
  handler: async (argv) => {
    const at = now();
    const timeOf = (name: 'since' | 'until'): string | undefined => {
      const text = argv[name];
      return text === undefined ? undefined : personTimeText(`--${name}`, text, at);
    };
    const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, nowNs: at.ns };
    const { dataDir, store = defaultStore(dataDir) } = argv;
    await runPeersCommand({ ...argv, store, since: timeOf('since'), until: timeOf('until') }, io);
  },
};
