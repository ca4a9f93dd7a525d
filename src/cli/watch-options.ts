import { DEFAULT_WATCHED_NAME, WATCH_FORM } from '../watch/watch-url';
import type { OptionTable } from './option';
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
  readForward,
  readPcapNode,
  readSocks,
  readTapName,
  readUpstreamProxy,
  readWatch,
} from './watch-values';

/** Options of watched nodes: their RPC, and a tap that their connections pass through. */
export const WATCH_OPTIONS = {
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
    describe: 'Name of the tapped or captured node; the tag node of its points',
  },
  forward: {
    read: readForward,
    type: 'string',
    requiresArg: true,
    array: true,
    describe:
      'Listen at one endpoint and pass peers on to the node at another: host:port=host:port (repeatable)',
  },
  socks: {
    read: readSocks,
    type: 'string',
    requiresArg: true,
    describe:
      'SOCKS5 server for the outbound connections of the node (btcd --proxy): port, IP[:port] or [IPv6]:port',
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
    describe: 'With --forward: make peers come back without encryption, so that their messages can be read',
  },
  'tap-ban': {
    type: 'boolean',
    default: false,
    describe: 'With --forward: refuse the address of a peer that breaks the protocol for a day',
  },
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
  ...ALERT_OPTIONS,
  retention: RETENTION,
  'max-user-agents': MAX_USER_AGENTS,
} as const satisfies OptionTable;
