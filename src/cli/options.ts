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
    describe: 'Folder of the embedded store, the headers and the known addresses',
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
  join: {
    type: 'boolean',
    default: false,
    describe: 'Find peers: by DNS seeds, by what peers tell, by the address book of earlier runs',
  },
  peers: {
    type: 'string',
    requiresArg: true,
    default: '8',
    describe: 'With --join: how many peers to find, beside those of --connect',
  },
  listen: {
    type: 'string',
    requiresArg: true,
    describe: 'Let others connect: port (of this machine alone), IP[:port] or [IPv6]:port',
  },
  'max-inbound': {
    type: 'string',
    requiresArg: true,
    default: '64',
    describe: 'With --listen: the most peers that may connect',
  },
  seed: {
    type: 'string',
    requiresArg: true,
    array: true,
    defaultDescription: "the network's own",
    describe: 'With --join: DNS name that stands for nodes, name[:port of the nodes] (repeatable)',
  },
  dns: {
    type: 'string',
    requiresArg: true,
    defaultDescription: "the system's",
    describe: 'With --join: DNS server to ask, IP[:port]',
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
    describe: 'Where points go: duckdb:PATH, influx+udp://host[:port] or stdout: (repeatable)',
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
  validate: {
    choices: ['headers', 'full'],
    default: 'headers',
    describe:
      'How blocks are checked: without the outputs that they spend, or fully, which fetches the whole chain',
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
    // With a full view the whole program takes 500 MB, with Core's 300 it would take 710 (npm run soak -- --distinct).
    default: '100',
    describe:
      'Megabytes of memory for unconfirmed transactions, their bytes included; the oldest leave first',
  },
  'max-user-agents': {
    type: 'string',
    requiresArg: true,
    default: '200',
    describe: 'Distinct user agents that become tags; further ones are "other"',
  },
} as const satisfies Record<string, Options>;
