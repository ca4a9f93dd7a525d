import { homedir, hostname } from 'node:os';
import path from 'node:path';
import type { Options } from 'yargs';
import { LOG_LEVELS } from '../log';
import { NETWORK_NAMES } from '../p2p/networks';
import { POLICY_NAMES } from '../tx/policy/standardness';

/** Options of every command. */
export const GLOBAL_OPTIONS = {
  'data-dir': {
    type: 'string',
    requiresArg: true,
    default: path.join(homedir(), '.btcdmon'),
    defaultDescription: '~/.btcdmon',
    describe: 'Folder of the embedded store',
  },
  'log-level': {
    choices: LOG_LEVELS,
    default: 'info',
    describe: 'The least important lines that are logged',
  },
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'YAML or JSON file with any of these options, by their long names',
  },
} as const satisfies Record<string, Options>;

/** Options of the listener. */
export const LISTEN_OPTIONS = {
  connect: {
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'c',
    describe: 'Peer to listen to: host[:port], [IPv6]:port or a DNS name (repeatable)',
  },
  network: {
    choices: NETWORK_NAMES,
    default: 'mainnet',
    alias: 'n',
    describe: 'Network that the peers are on',
  },
  export: {
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'e',
    defaultDescription: 'duckdb:<data-dir>/btcdmon.duckdb',
    describe: 'Where points go: duckdb:PATH, parquet:DIR, influx+udp://host[:port] or stdout: (repeatable)',
  },
  node: {
    type: 'string',
    requiresArg: true,
    default: hostname(),
    defaultDescription: 'the host name',
    describe: 'Name of this instance, a tag of every point',
  },
  interval: {
    type: 'string',
    requiresArg: true,
    default: '5s',
    describe: 'How often counts and gauges are written',
  },
  policy: {
    choices: POLICY_NAMES,
    default: 'btcd',
    describe: 'Whose relay policy is_standard and is_dust follow',
  },
  wtxidrelay: {
    type: 'boolean',
    default: true,
    describe: 'Ask peers to announce transactions by wtxid (BIP339)',
  },
  'tx-rate': {
    type: 'string',
    requiresArg: true,
    default: '200',
    describe: 'The most transactions that are asked for in a second',
  },
  'mempool-size': {
    type: 'string',
    requiresArg: true,
    default: '300',
    describe: 'Megabytes of unconfirmed transactions that are followed; the oldest leave first',
  },
  'spool-size': {
    type: 'string',
    requiresArg: true,
    default: '1000',
    describe: 'Megabytes on disk, for each receiver that is away, of points that wait for it',
  },
  retention: {
    type: 'string',
    requiresArg: true,
    defaultDescription: 'points are kept for ever',
    describe: 'Age at which the embedded store keeps only sums of each minute of a point, such as 30d',
  },
  'max-user-agents': {
    type: 'string',
    requiresArg: true,
    default: '200',
    describe: 'Distinct user agents that become tags; further ones are "other"',
  },
} as const satisfies Record<string, Options>;
