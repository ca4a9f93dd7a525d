import type { RouteSettings } from '../app/routes';
import { UsageError } from '../lib/errors';
import { readSecretFile } from '../lib/secret';
import { type Endpoint, formatEndpoint } from '../p2p/endpoint';
import type { RouteNetwork } from '../p2p/route/route';
import type { SocksProxy } from '../p2p/route/socks';
import { ROUTE_OPTIONS } from './route-options';
import { MAX_LOGIN_BYTES, type ProxyPlace } from './route-values';

/** The variable with the password of a proxy's user, where no file is named. */
const PASSWORD_VARIABLE = 'BTCDMON_PROXY_PASSWORD';

/** The options of the routes to peers, as yargs parses them. */
interface RouteArguments {
  readonly proxy?: string | undefined;
  readonly onion?: string | undefined;
  readonly i2pSam?: string | undefined;
  readonly onlyNet?: readonly string[] | undefined;
  readonly cjdnsReachable: boolean;
  readonly join: boolean;
}

/**
 * Checks the options of the routes to peers, and reads passwords.
 * @param connect the peers that must be dialled
 * @throws UsageError naming the option, its value and what would be right; FailureError if a password can't
 * be read
 */
export async function routeSettings(
  args: RouteArguments,
  connect: readonly Endpoint[],
  env: NodeJS.ProcessEnv,
): Promise<RouteSettings> {
  const { proxy, onion, i2pSam, onlyNet, cjdnsReachable: cjdns } = args;
  for (const { host, port } of connect) {
    const missing = missingRoute(networkOf(host), args);
    if (missing !== null) throw new UsageError(`--connect ${formatEndpoint({ host, port })}: ${missing}`);
  }
  const only = onlyNet?.flatMap((text) => networksOf(text, args));
  return {
    cjdns,
    ...(proxy === undefined ? {} : { proxy: await withLogin(ROUTE_OPTIONS.proxy.read(proxy), env) }),
    ...(onion === undefined ? {} : { onion: await withLogin(ROUTE_OPTIONS.onion.read(onion), env) }),
    ...(i2pSam === undefined ? {} : { i2pSam: ROUTE_OPTIONS['i2p-sam'].read(i2pSam) }),
    ...(only === undefined ? {} : { only }),
  };
}

/** Reads a value of --only-net. */
function networksOf(text: string, args: RouteArguments): readonly RouteNetwork[] {
  if (!args.join) throw new UsageError(`--only-net ${text}: has a meaning only with --join`);
  const networks = ROUTE_OPTIONS['only-net'].read(text);
  for (const network of networks) {
    const missing = missingRoute(network, args);
    if (missing !== null) throw new UsageError(`--only-net ${text}: ${missing}`);
  }
  return networks;
}

/** The network of a host; undefined for one that needs no proxy or bridge. */
function networkOf(host: string): RouteNetwork | undefined {
  if (host.endsWith('.onion')) return 'onion';
  return host.endsWith('.i2p') ? 'i2p' : undefined;
}

/** Why there is no way to a network, and what would be right; null where there is one. */
function missingRoute(network: RouteNetwork | undefined, args: RouteArguments): string | null {
  const { cjdnsReachable, i2pSam, onion, proxy } = args;
  if (network === 'onion' && proxy === undefined && onion === undefined)
    return 'there is no way to onion addresses; give --onion host:port or --proxy host:port, for Tor 127.0.0.1:9050';
  if (network === 'cjdns' && !cjdnsReachable)
    return 'there is no way to addresses of CJDNS; give --cjdns-reachable where this machine is in it';
  return network === 'i2p' && i2pSam === undefined
    ? 'there is no way to addresses of I2P; give --i2p-sam host:port of the SAM bridge of an I2P router'
    : null;
}

async function withLogin(place: ProxyPlace, env: NodeJS.ProcessEnv): Promise<SocksProxy> {
  const { endpoint, passwordFile, shown, user } = place;
  if (user === null) return { endpoint, shown, login: null };
  const password =
    passwordFile === undefined
      ? (env[PASSWORD_VARIABLE] ?? '')
      : await readSecretFile(passwordFile, `${shown}: password-file ${passwordFile}`);
  if (password === '')
    throw new UsageError(
      `${shown}: no password for user ${user}; put it into the environment as ${PASSWORD_VARIABLE} or name a file with ?password-file=PATH`,
    );
  if (Buffer.byteLength(password) > MAX_LOGIN_BYTES)
    throw new UsageError(`${shown}: the password is longer than the ${MAX_LOGIN_BYTES} bytes of SOCKS5`);
  return { endpoint, shown, login: { user, password } };
}
