import { LIST_FORMAT } from './listing';
import type { OptionTable } from './option';
import { LISTEN_OPTIONS } from './options';
import { ROUTE_OPTIONS } from './route-options';
import { EXPORT, INTERVAL, MAX_USER_AGENTS, NETWORK, NODE, RETENTION, SPOOL_SIZE } from './shared-options';
import { readContact, readDuration, readWholeNumber } from './values';

/** The most connections at a time. More are no faster, since nodes that do not answer are few. */
const MAX_WORKERS = 10_000;

/** What can be shown of the snapshots of crawls. */
export const SHOW_ACTIONS = ['list', 'diff', 'export'] as const;

export type ShowAction = (typeof SHOW_ACTIONS)[number];

/** Options of `crawl` that variables and the file may set. */
export const CRAWL_OPTIONS = {
  every: {
    read: readDuration('every', { least: '1m', such: '1h' }),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'once',
    describe: 'Crawl again and again, each time this long after the last crawl began, such as 1h',
  },
  workers: {
    read: readWholeNumber('workers', MAX_WORKERS),
    type: 'string',
    requiresArg: true,
    default: '2000',
    describe: 'Maximum number of connections at a time',
  },
  contact: {
    read: readContact,
    type: 'string',
    requiresArg: true,
    describe: 'How you can be reached, such as a mail address; a part of the user agent that nodes see',
  },
  exclude: {
    type: 'string',
    requiresArg: true,
    isPath: true,
    describe: 'File with addresses and networks not to visit, one a line: IP or IP/bits',
  },
  connect: {
    ...LISTEN_OPTIONS.connect,
    describe: 'Node to begin with: host[:port], [IPv6]:port or a DNS name (repeatable)',
  },
  seed: {
    ...LISTEN_OPTIONS.seed,
    describe:
      'DNS seed to begin with, a name whose addresses are nodes: name[:port of the nodes] (repeatable)',
  },
  dns: { ...LISTEN_OPTIONS.dns, describe: 'DNS server to ask for seeds, IP[:port]' },
  asmap: LISTEN_OPTIONS.asmap,
  proxy: ROUTE_OPTIONS.proxy,
  onion: ROUTE_OPTIONS.onion,
  'only-net': {
    ...ROUTE_OPTIONS['only-net'],
    describe: 'Network to crawl: ipv4, ipv6, onion, i2p or cjdns (repeatable)',
  },
  'i2p-sam': {
    ...ROUTE_OPTIONS['i2p-sam'],
    describe: 'SAM bridge of an I2P router, for dialling I2P addresses: host[:7656]',
  },
  'cjdns-reachable': ROUTE_OPTIONS['cjdns-reachable'],
  transport: LISTEN_OPTIONS.transport,
  network: NETWORK,
  export: EXPORT,
  node: NODE,
  interval: { ...INTERVAL, describe: 'Interval at which the crawler writes points about itself' },
  'spool-size': SPOOL_SIZE,
  retention: RETENTION,
  'max-user-agents': MAX_USER_AGENTS,
} as const satisfies OptionTable;

/** Options of `crawl list` and `crawl diff`. */
export const CRAWL_LIST_OPTIONS = {
  format: { ...LIST_FORMAT, describe: 'With list and diff: format of the answer; a table is for people' },
} as const satisfies OptionTable;
