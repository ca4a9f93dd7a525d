import { UsageError } from '../lib/errors';
import { formatEndpoint } from '../p2p/endpoint';
import { DIRECT_ROUTES, type Routes } from '../p2p/route/routes';
import type { AppConfig } from './config';

/**
 * Makes the routes that the settings give.
 * @throws UsageError where there is none to a peer of --connect
 */
export function makeRoutes({ connect }: Pick<AppConfig, 'connect'>): Routes {
  const routes = DIRECT_ROUTES;
  for (const endpoint of connect)
    if (routes.takes(endpoint.host) && routes.to(endpoint.host) === undefined)
      throw new UsageError(`--connect ${formatEndpoint(endpoint)}: ${missingRoute(endpoint.host)}`);
  return routes;
}

/** Why a host can't be dialled, and what would be right. */
function missingRoute(host: string): string {
  return host.endsWith('.onion')
    ? 'Tor dials onion addresses, and no proxy leads there'
    : 'I2P dials such addresses, and no bridge leads there';
}
