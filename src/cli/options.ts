import { homedir, hostname } from 'node:os';
import path from 'node:path';
import { EXPORTER_KINDS } from '../export/registry';
import { LOG_LEVELS } from '../lib/log';
import { NETWORK_NAMES } from '../wire/networks';
import { POLICY_NAMES } from '../policy/standardness';
import { DEFAULT_WATCHED_NAME, WATCH_FORM } from '../watch/watch-url';
import { DEFAULT_HTTP, readHttpHost, readHttpAddress, readHttpProxy } from './http-settings';
import type { OptionTable } from './option';
import {
  defaultNode,
  readConnect,
  readDns,
  readDuration,
  readExport,
  readFrom,
  readGroup,
  readListen,
  readNode,
  readSeed,
  readWholeNumber,
} from './values';
import { parseListenAddress } from '../collect/listen-address';
import {
  readForward,
  readPcapNode,
  readSocks,
  readTapName,
  readUpstreamProxy,
  readWatch,
} from './watch-values';

/** Maximum number of peers: the default limit of Core and btcd. More peers are a job for a crawler. */
const MAX_PEERS = 125;

/** Options of every command. */
export const GLOBAL_OPTIONS = {
  'data-dir': {
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

/** The option `--export`. */
const EXPORT = {
  read: readExport,
  type: 'string',
  requiresArg: true,
  array: true,
  alias: 'e',
  defaultDescription: 'duckdb:<data-dir>/btcdmon.duckdb',
  describe: `Where points go: ${EXPORTER_KINDS.map(({ form }) => form).join(', ')} (repeatable)`,
} as const;

/** The option `--spool-size`. */
const SPOOL_SIZE = {
  read: readWholeNumber('spool-size'),
  type: 'string',
  requiresArg: true,
  default: '1000',
  describe: 'Megabytes of points on disk that wait for a receiver, for each receiver',
} as const;

/** Options of the page. */
export const HTTP_OPTIONS = {
  http: {
    read: readHttpAddress,
    type: 'string',
    requiresArg: true,
    defaultDescription: DEFAULT_HTTP,
    describe: 'Address of the page of the embedded store: IP[:port], a port of this machine, or off',
  },
  'http-token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'File whose first line is the token that visitors of the page must give; or BTCDMON_HTTP_TOKEN',
  },
  'http-host': {
    read: readHttpHost,
    type: 'string',
    requiresArg: true,
    array: true,
    describe:
      'Further name by which browsers reach the page, such as that of a proxy: name[:port] (repeatable)',
  },
  'http-proxy': {
    read: readHttpProxy,
    type: 'string',
    requiresArg: true,
    array: true,
    describe:
      'Proxy whose X-Forwarded-For is believed, so that wrong tokens count for each client: IP or IP/bits (repeatable)',
  },
} as const satisfies OptionTable;

/** The option `--interval` of programs that write counts and gauges. */
const INTERVAL = {
  read: readDuration('interval', { least: '100ms', such: '5s or 1m' }),
  type: 'string',
  requiresArg: true,
  default: '5s',
  describe: 'Interval at which counts and gauges are written',
} as const;

/** The option `--network`. */
const NETWORK = {
  choices: NETWORK_NAMES,
  default: 'mainnet',
  alias: 'n',
  describe: 'Network of the peers',
} as const;

/** The option `--node`. */
const NODE = {
  read: readNode,
  type: 'string',
  requiresArg: true,
  default: defaultNode(hostname()),
  defaultDescription: 'the host name',
  describe: 'Name of this instance; a tag of every point',
} as const;

/** The option `--policy`. */
const POLICY = {
  choices: POLICY_NAMES,
  default: 'btcd',
  describe: 'Relay policy that is_standard and is_dust follow',
} as const;

/** The option `--retention`. */
const RETENTION = {
  read: readDuration('retention', { least: '1h', such: '12h, 30d or 4w' }),
  type: 'string',
  requiresArg: true,
  defaultDescription: 'points are kept for ever',
  describe:
    'Age at which the embedded store removes points, such as 30d; it keeps their rollups by minute and hour',
} as const;

/** The option `--max-user-agents`. */
const MAX_USER_AGENTS = {
  read: readWholeNumber('max-user-agents'),
  type: 'string',
  requiresArg: true,
  default: '200',
  describe: 'Number of distinct user agents that become tags; further ones are "other"',
} as const;

/** Options of what is watched: a node's RPC, and connections that are led through here. */
const WATCH_OPTIONS = {
  watch: {
    read: readWatch,
    type: 'string',
    requiresArg: true,
    array: true,
    alias: 'w',
    describe: `Node of yours to watch by its RPC: ${WATCH_FORM} (repeatable)`,
  },
  tap: {
    read: readTapName,
    type: 'string',
    requiresArg: true,
    defaultDescription: `that of --watch, or ${DEFAULT_WATCHED_NAME}`,
    describe:
      'Name of the node whose connections --forward and --socks lead or --pcap has; the tag node of its points',
  },
  forward: {
    read: readForward,
    type: 'string',
    requiresArg: true,
    array: true,
    describe: 'Lead peers that dial one endpoint to the node at another: host:port=host:port (repeatable)',
  },
  socks: {
    read: readSocks,
    type: 'string',
    requiresArg: true,
    describe:
      'SOCKS5 server by which the node dials its peers (btcd --proxy): port, IP[:port] or [IPv6]:port',
  },
  'upstream-proxy': {
    read: readUpstreamProxy,
    type: 'string',
    requiresArg: true,
    describe: 'With --socks: SOCKS5 proxy behind it, such as Tor: host[:port]',
  },
  'tap-plain': {
    type: 'boolean',
    default: false,
    describe: 'With --forward: have peers come back without encryption, so that their messages can be read',
  },
  'tap-ban': {
    type: 'boolean',
    default: false,
    describe: 'With --forward: refuse the address of a peer that breaks the protocol for a day',
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
  network: NETWORK,
  export: EXPORT,
  node: NODE,
  interval: INTERVAL,
  validate: {
    choices: ['headers', 'full'],
    default: 'headers',
    describe:
      'How blocks are checked: without the outputs that they spend, or fully, for which the whole chain is fetched',
  },
  policy: POLICY,
  wtxidrelay: {
    type: 'boolean',
    default: true,
    describe: 'Ask peers to announce transactions by wtxid (BIP339)',
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
  retention: RETENTION,
  'max-user-agents': MAX_USER_AGENTS,
  ...WATCH_OPTIONS,
} as const satisfies OptionTable;

/** Options of `tap`. */
export const TAP_OPTIONS = {
  ...WATCH_OPTIONS,
  pcap: {
    type: 'string',
    requiresArg: true,
    describe: 'Read a capture (pcap or pcapng) instead: a file, or - for the standard input',
  },
  'pcap-node': {
    read: readPcapNode,
    type: 'string',
    requiresArg: true,
    defaultDescription: "the side with the network's port",
    describe: 'With --pcap: address of the node in the capture, IP[:port]',
  },
  network: NETWORK,
  export: EXPORT,
  node: NODE,
  interval: INTERVAL,
  policy: POLICY,
  'spool-size': SPOOL_SIZE,
  ...HTTP_OPTIONS,
  retention: RETENTION,
  'max-user-agents': MAX_USER_AGENTS,
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
} as const satisfies OptionTable;
