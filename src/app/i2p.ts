import type { Log } from '../lib/log';
import { Throttle } from '../lib/throttle';
import { formatEndpoint } from '../p2p/endpoint';
import type * as I2pRoute from '../p2p/i2p/i2p';
import type * as I2pKey from '../p2p/i2p/key-file';
import type { AppConfig } from './config';

/** I2P, and whether peers come from there. */
export interface AppI2p {
  readonly route: I2pRoute.I2p;
  /** The same route if we listen, for the peers that dial us; undefined if we do not. */
  readonly inbound: I2pRoute.I2p | undefined;
}

/**
 * Opens I2P if a SAM bridge is named. If we listen, other nodes reach us at one address; its key is kept in
 * the data directory. If not, each dial comes from a new address, as in Core.
 * @throws FailureError if the key can't be used
 */
export async function openI2p(
  { network, dataDir, join, routes }: Pick<AppConfig, 'network' | 'dataDir' | 'join' | 'routes'>,
  log: Log,
): Promise<AppI2p | undefined> {
  const bridge = routes?.i2pSam;
  if (bridge === undefined) return undefined;
  /* eslint-disable @typescript-eslint/no-require-imports -- loaded only where a bridge is named */
  const { makeI2p } = require('../p2p/i2p/i2p') as typeof I2pRoute;
  const { KeyFile } = require('../p2p/i2p/key-file') as typeof I2pKey;
  /* eslint-enable @typescript-eslint/no-require-imports */
  const listens = join?.listen !== undefined && dataDir !== undefined;
  const key = listens ? new KeyFile(dataDir, network) : undefined;
  // The key is read now, so that one that can't be used ends the start.
  await key?.load();
  const mayWarn = new Throttle(() => performance.now());
  const route = makeI2p({ bridge: { endpoint: bridge }, key }, (message) => {
    if (mayWarn.allows())
      log.warn(`--i2p-sam ${formatEndpoint(bridge)}: ${message}; no peer in I2P can be dialled`);
  });
  return { route, inbound: listens ? route : undefined };
}
