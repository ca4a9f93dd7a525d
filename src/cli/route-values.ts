import { UsageError } from '../lib/errors';
import { suggestion } from '../lib/nearest';
import { parseOptionUrl } from '../lib/option-url';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../p2p/endpoint';
import { ROUTE_NETWORKS, type RouteNetwork } from '../p2p/route/route';

/** The port of Tor's SOCKS server. */
const TOR_PORT = 9_050;

/** The port of the SAM bridge of i2pd and Java I2P. */
const SAM_PORT = 7_656;

/** The form of a proxy. */
export const PROXY_FORM = 'host[:9050] or socks5://[user@]host[:9050][?password-file=PATH]';

/** The longest user name or password of SOCKS5 (RFC 1929), in bytes. */
export const MAX_LOGIN_BYTES = 255;

/** A proxy as its option names it. */
export interface ProxyPlace {
  readonly endpoint: Endpoint;
  readonly user: string | null;
  readonly passwordFile: string | undefined;
  /** The option and the proxy, for messages, without secrets. */
  readonly shown: string;
}

/** Reads a SOCKS5 proxy. */
export function readProxy(text: string, option: '--proxy' | '--onion'): ProxyPlace {
  const [, rest] = /^socks5:(.*)$/is.exec(text) ?? [];
  if (rest === undefined) {
    if (text.includes('@') && !/^[a-z0-9+.-]+:\/\//i.test(text))
      throw new UsageError(`${option} …@${text.replace(/^.*@/s, '')}: names a user; use ${PROXY_FORM}`);
    const endpoint = parseEndpoint(text, TOR_PORT, option);
    return { endpoint, user: null, passwordFile: undefined, shown: `${option} ${formatEndpoint(endpoint)}` };
  }
  const { host, options, path, port, shown, user } = parseOptionUrl(rest, {
    form: PROXY_FORM,
    scheme: 'socks5',
    flag: option,
    defaultPort: TOR_PORT,
    options: ['password-file'],
    mayHaveZone: true,
    mayHaveUser: true,
    docs: 'docs/anonymity.md',
  });
  const passwordFile = options.get('password-file');
  const wrong = (reason: string): UsageError => new UsageError(`${shown}: ${reason}; use ${PROXY_FORM}`);
  if (path !== '') throw wrong('has a path');
  if (passwordFile !== undefined && user === null) throw wrong('a password needs a user');
  if (user !== null && Buffer.byteLength(user) > MAX_LOGIN_BYTES) throw wrong('the user is too long');
  return { endpoint: { host, port }, user, passwordFile, shown };
}

/** The default port of Tor's control connection. */
const TOR_CONTROL_PORT = 9_051;

/** Reads Tor's control port. */
export function readTorControl(text: string): Endpoint {
  return parseEndpoint(text, TOR_CONTROL_PORT, '--tor-control');
}

/** Reads the names of networks, with commas between. */
export function readNetworks(text: string): readonly RouteNetwork[] {
  return text.split(',').map((part) => {
    const network = ROUTE_NETWORKS.find((name) => name === part.trim());
    if (network !== undefined) return network;
    throw new UsageError(
      `--only-net ${text}: give one or more of ${ROUTE_NETWORKS.join(', ')}${suggestion(part.trim(), ROUTE_NETWORKS)}`,
    );
  });
}

/** Reads the endpoint of the SAM bridge of an I2P router. */
export function readI2pSam(text: string): Endpoint {
  return parseEndpoint(text, SAM_PORT, '--i2p-sam');
}
