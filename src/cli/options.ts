import { homedir } from 'node:os';
import path from 'node:path';
import { parseListenAddress } from '../collect/listen-address';
import { LOG_LEVELS } from '../lib/log';
import { TRANSPORT_MODES } from '../p2p/transport/choice';
import type { OptionTable } from './option';
import { RECORD_OPTIONS } from './record-settings';
import { ROUTE_OPTIONS } from './route-options';
import {
  ALERT_OPTIONS,
  EXPORT,
  HTTP_OPTIONS,
  INTERVAL,
  MAX_USER_AGENTS,
  NETWORK,
  NODE,
  POLICY,
  RETENTION,
  SPOOL_SIZE,
} from './shared-options';
import {
  readConnect,
  readContact,
  readDns,
  readDuration,
  readFrom,
  readGroup,
  readLabel,
  readListen,
  readNode,
  readSeed,
  readShard,
  readWholeNumber,
  readCount,
} from './values';
import { WATCH_OPTIONS } from './watch-options';
import { WHY_RECORD_OPTIONS } from './why-settings';

/** The most peers: as many as there are reachable nodes in IPv4, IPv6 and Tor. */
const MAX_PEERS = 20_000;

/** Told addresses that are tried in an hour, at most: one in a second. */
const MAX_FEELERS = 3_600;

/** Options of every command. */
export const GLOBAL_OPTIONS = {
  'data-dir': {
    isPath: true,
    type: 'string',
    requiresArg: true,
    default: path.join(homedir(), '.btcdmon'),
    defaultDescription: '~/.btcdmon',
    describe: 'Folder for the embedded store, the headers and the known addresses',
  },
  'log-level': {
    choices: LOG_LEVELS,
    default: 'info',
    describe: 'Lowest level that is logged',
  },
  config: {
    type: 'string',
    requiresArg: true,
    describe: 'YAML or JSON file that sets options by their long names',
  },
} as const satisfies OptionTable;

/** Options of the listener. */
export const LISTEN_OPTIONS = {
  connect: {
    read: readConnect,
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'c',
    describe: 'Peer to listen to: host[:port], [IPv6]:port or a DNS name (repeatable)',
  },
  join: {
    type: 'boolean',
    default: false,
    describe: 'Find peers by DNS seeds, by addresses from peers, and by the address book of earlier runs',
  },
  peers: {
    read: readWholeNumber('peers', MAX_PEERS),
    type: 'string',
    requiresArg: true,
    default: '8',
    describe: 'With --join: number of peers to find, in addition to those of --connect',
  },
  rotate: {
    read: readDuration('rotate', { least: '1m', such: '6h' }),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'peers are kept',
    describe: 'With --join: how long to listen to a peer before another one takes its place',
  },
  feelers: {
    read: readCount('feelers', MAX_FEELERS),
    type: 'string',
    requiresArg: true,
    // The rate of Core 31, `src/net.h` FEELER_INTERVAL.
    default: '30',
    describe:
      'With --join: number of addresses from peers to test in an hour, each by a handshake; 0 for none',
  },
  shard: {
    read: readShard,
    type: 'string',
    requiresArg: true,
    defaultDescription: 'all addresses',
    describe: 'With --join: the part of all addresses that is dialled, such as 3/16',
  },
  exclude: {
    type: 'string',
    requiresArg: true,
    isPath: true,
    describe:
      'With --join or --listen: file of addresses and CIDRs, one a line, that are not dialled and may not connect',
  },
  contact: {
    read: readContact,
    type: 'string',
    requiresArg: true,
    describe: 'How to reach the operator; each peer sees it in the user agent',
  },
  listen: {
    read: readListen,
    type: 'string',
    requiresArg: true,
    describe: 'Let other nodes connect: port (on loopback only), IP[:port] or [IPv6]:port',
  },
  'max-inbound': {
    read: readWholeNumber('max-inbound'),
    type: 'string',
    requiresArg: true,
    default: '64',
    describe: 'With --listen: maximum number of peers that may connect',
  },
  seed: {
    read: readSeed,
    type: 'string',
    requiresArg: true,
    array: true,
    defaultDescription: "the network's own",
    describe:
      'With --join: DNS seed, a name whose addresses are nodes: name[:port of the nodes] (repeatable)',
  },
  dns: {
    read: readDns,
    type: 'string',
    requiresArg: true,
    defaultDescription: "the system's",
    describe: 'With --join: DNS server to ask, IP[:port]',
  },
  asmap: {
    type: 'string',
    requiresArg: true,
    isPath: true,
    describe: 'Map of the autonomous systems of addresses, in the format of Bitcoin Core’s -asmap',
  },
  label: {
    read: readLabel,
    type: 'string',
    requiresArg: true,
    array: true,
    describe:
      'Name for the addresses of a file, NAME=FILE: an address or a CIDR in each line, comments after # (repeatable)',
  },
  arrivals: {
    type: 'boolean',
    default: false,
    describe:
      'Write who announced what and when: each peer’s announcement of each block and some transactions',
  },
  'arrivals-sample': {
    read: readWholeNumber('arrivals-sample'),
    type: 'string',
    requiresArg: true,
    default: '64',
    describe: 'With --arrivals: write one of so many transactions, chosen by its id',
  },
  ...ROUTE_OPTIONS,
  network: NETWORK,
  export: EXPORT,
  node: NODE,
  interval: INTERVAL,
  validate: {
    choices: ['headers', 'full'],
    default: 'headers',
    describe:
      'How blocks are checked: without the outputs that they spend, or fully, which fetches the whole chain',
  },
  policy: POLICY,
  wtxidrelay: {
    type: 'boolean',
    default: true,
    describe: 'Ask peers to announce transactions by wtxid (BIP339)',
  },
  transport: {
    choices: TRANSPORT_MODES,
    default: 'auto',
    describe:
      'Transport to peers: encrypted (v2, BIP324) with a fall-back to plain (v1), or one of them alone',
  },
  'tx-rate': {
    read: readWholeNumber('tx-rate'),
    type: 'string',
    requiresArg: true,
    default: '200',
    describe: 'Maximum number of transactions that are requested in a second',
  },
  'mempool-size': {
    read: readWholeNumber('mempool-size'),
    type: 'string',
    requiresArg: true,
    // With a full view the whole program takes 500 MB; with Core's default of 300 it would take 710 (npm run
    // soak -- --distinct).
    default: '100',
    describe:
      'Megabytes of memory for unconfirmed transactions, including their bytes; the oldest are removed first',
  },
  'spool-size': SPOOL_SIZE,
  ...HTTP_OPTIONS,
  ...ALERT_OPTIONS,
  retention: RETENTION,
  'max-user-agents': MAX_USER_AGENTS,
  ...WHY_RECORD_OPTIONS,
  ...RECORD_OPTIONS,
  ...WATCH_OPTIONS,
} as const satisfies OptionTable;

/** Options of `collect`. */
export const COLLECT_OPTIONS = {
  listen: {
    read: parseListenAddress,
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'l',
    defaultDescription: 'tcp://127.0.0.1:8094, or none with --from',
    describe: 'Address where senders connect: tcp://address:port or unix:PATH (repeatable)',
  },
  from: {
    read: readFrom,
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'f',
    describe: 'NATS stream to read points from: nats://[user@]host[:4222]/STREAM (repeatable)',
  },
  group: {
    read: readGroup,
    type: 'string',
    requiresArg: true,
    default: 'btcdmon',
    describe: 'Name of a group; collectors of one group share the points of --from',
  },
  'tls-cert': {
    type: 'string',
    requiresArg: true,
    describe: 'File with the certificate chain (PEM); tcp:// then uses TLS',
  },
  'tls-key': {
    type: 'string',
    requiresArg: true,
    describe: 'File with the private key of the certificate (PEM)',
  },
  'token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'File whose first line is the token that senders must send',
  },
  'max-connections': {
    read: readWholeNumber('max-connections'),
    type: 'string',
    requiresArg: true,
    default: '4000',
    describe: 'Maximum number of senders at a time',
  },
  export: EXPORT,
  node: {
    read: readNode,
    type: 'string',
    requiresArg: true,
    defaultDescription: 'the host name followed by -collect',
    describe: 'Name of the collector in its points about itself',
  },
  interval: {
    read: readDuration('interval', { least: '100ms', such: '5s or 1m' }),
    type: 'string',
    requiresArg: true,
    default: '5s',
    describe: 'Interval at which the collector writes points about itself',
  },
  'spool-size': SPOOL_SIZE,
  ...HTTP_OPTIONS,
  ...ALERT_OPTIONS,
} as const satisfies OptionTable;
