import type { Endpoint } from '../p2p/endpoint';
import { DIRECT } from '../p2p/route/direct';
import type { Route, RouteNetwork } from '../p2p/route/route';
import { Routes } from '../p2p/route/routes';
import type * as Socks from '../p2p/route/socks';

/** The routes to peers. */
export interface RouteSettings {
  /** The proxy for everything, names included; without it IPv4 and IPv6 are dialled directly. */
  readonly proxy?: Socks.SocksProxy;
  /** The proxy for onion addresses, where it is another one. */
  readonly onion?: Socks.SocksProxy;
  /** The SAM bridge of an I2P router. */
  readonly i2pSam?: Endpoint;
  /** Whether this machine is in CJDNS, so that fc00::/8 leads there. */
  readonly cjdns?: boolean;
  /** We dial only addresses of these networks, named peers aside; default: all networks with a route. */
  readonly only?: readonly RouteNetwork[];
}

/**
 * Makes the routes that the settings give.
 * @param warn gets a line where a proxy fails
 * @param i2p the route to I2P, where there is one
 */
export function makeRoutes(settings: RouteSettings, warn: (message: string) => void, i2p?: Route): Routes {
  const proxy = routeBy(settings.proxy, warn);
  const onion = routeBy(settings.onion, warn) ?? proxy;
  const table = {
    ...{ ipv4: proxy ?? DIRECT, ipv6: proxy ?? DIRECT },
    ...(proxy === undefined ? {} : { names: proxy }),
    ...(onion === undefined ? {} : { onion }),
    ...(i2p === undefined ? {} : { i2p }),
    ...(settings.cjdns === true ? { cjdns: proxy ?? DIRECT } : {}),
  };
  return new Routes(table, settings.only);
}

function routeBy(proxy: Socks.SocksProxy | undefined, warn: (message: string) => void): Route | undefined {
  if (proxy === undefined) return undefined;
  // Loaded only where there is a proxy.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { socksRoute } = require('../p2p/route/socks') as typeof Socks;
  return socksRoute(proxy, warn);
}
