import { hostname } from 'node:os';
import { readRunbooks } from '../alerts/runbook';
import { readSilence } from '../alerts/silences';
import { EXPORTER_KINDS } from '../export/registry';
import { NOTIFY_FORM, readReceiver } from '../notify/receiver-url';
import { POLICY_NAMES } from '../policy/standardness';
import { NETWORK_NAMES } from '../wire/networks';
import { DEFAULT_HTTP, readHttpAddress, readHttpHost, readHttpProxy } from './http-settings';
import type { OptionTable } from './option';
import { defaultNode, readDuration, readExport, readNode, readWholeNumber } from './values';

/** The option `--export`. */
export const EXPORT = {
  read: readExport,
  type: 'string',
  requiresArg: true,
  array: true,
  alias: 'e',
  defaultDescription: 'duckdb:<data-dir>/btcdmon.duckdb',
  describe: `Where points go: ${EXPORTER_KINDS.map(({ form }) => form).join(', ')} (repeatable)`,
} as const;

/** The option `--spool-size`. */
export const SPOOL_SIZE = {
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

/** Options of alerts. */
export const ALERT_OPTIONS = {
  notify: {
    read: (text: string) => void readReceiver(text),
    type: 'string',
    requiresArg: true,
    array: true,
    isSecret: true,
    describe: `Receiver of alerts: ${NOTIFY_FORM} (repeatable)`,
  },
  silence: {
    read: readSilence,
    type: 'string',
    requiresArg: true,
    array: true,
    describe: 'Alert to silence: NAME, or NAME=DURATION from the start on (repeatable)',
  },
  runbooks: {
    read: readRunbooks,
    type: 'string',
    requiresArg: true,
    defaultDescription: '/runbooks of the page',
    describe:
      'URL of the runbooks that messages about alerts link to; links end with # and the name of the alert',
  },
} as const satisfies OptionTable;

/** The option `--interval` of programs that write counts and gauges. */
export const INTERVAL = {
  read: readDuration('interval', { least: '100ms', such: '5s or 1m' }),
  type: 'string',
  requiresArg: true,
  default: '5s',
  describe: 'Interval at which counts and gauges are written',
} as const;

/** The option `--network`. */
export const NETWORK = {
  choices: NETWORK_NAMES,
  default: 'mainnet',
  alias: 'n',
  describe: 'Network of the peers',
} as const;

/** The option `--node`. */
export const NODE = {
  read: readNode,
  type: 'string',
  requiresArg: true,
  default: defaultNode(hostname()),
  defaultDescription: 'the host name',
  describe: 'Name of this instance; a tag of every point',
} as const;

/** The option `--policy`. */
export const POLICY = {
  choices: POLICY_NAMES,
  default: 'btcd',
  describe: 'Relay policy that is_standard and is_dust follow',
} as const;

/** The option `--retention`. */
export const RETENTION = {
  read: readDuration('retention', { least: '1h', such: '12h, 30d or 4w' }),
  type: 'string',
  requiresArg: true,
  defaultDescription: 'points are kept for ever',
  describe:
    'Age at which the embedded store removes points, such as 30d; it keeps their rollups by minute and hour',
} as const;

/** The option `--max-user-agents`. */
export const MAX_USER_AGENTS = {
  read: readWholeNumber('max-user-agents'),
  type: 'string',
  requiresArg: true,
  default: '200',
  describe: 'Number of distinct user agents that become tags; further ones are "other"',
} as const;
