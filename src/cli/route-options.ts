import type { OptionTable } from './option';
import { PROXY_FORM, readI2pSam, readNetworks, readProxy, readTorControl } from './route-values';

/** Options of the routes to peers. */
export const ROUTE_OPTIONS = {
  proxy: {
    read: (text: string) => readProxy(text, '--proxy'),
    type: 'string',
    requiresArg: true,
    describe: `SOCKS5 proxy for dialling all peers and resolving all names of peers: ${PROXY_FORM}`,
  },
  onion: {
    read: (text: string) => readProxy(text, '--onion'),
    type: 'string',
    requiresArg: true,
    defaultDescription: 'that of --proxy',
    describe: 'SOCKS5 proxy for dialling onion addresses only, such as Tor; same forms',
  },
  'only-net': {
    read: readNetworks,
    type: 'string',
    requiresArg: true,
    array: true,
    defaultDescription: 'all that can be dialled',
    describe: 'With --join: network to find peers in: ipv4, ipv6, onion, i2p or cjdns (repeatable)',
  },
  'i2p-sam': {
    read: readI2pSam,
    type: 'string',
    requiresArg: true,
    describe:
      'SAM bridge of an I2P router, for dialling I2P addresses and, with --listen, for peers from I2P: host[:7656]',
  },
  'cjdns-reachable': {
    type: 'boolean',
    default: false,
    describe: 'This machine is in CJDNS: dial its addresses, fc00::/8',
  },
  'tor-control': {
    read: readTorControl,
    type: 'string',
    requiresArg: true,
    describe: "With --listen: Tor's control port, which makes an onion service of it: host[:9051]",
  },
  'tor-password-file': {
    type: 'string',
    requiresArg: true,
    describe: "File with the password of Tor's control port; or BTCDMON_TOR_PASSWORD; without it the cookie",
  },
} as const satisfies OptionTable;
