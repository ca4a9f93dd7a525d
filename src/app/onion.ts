import type { Clock } from '../lib/clock';
import type { Log } from '../lib/log';
import type { Endpoint } from '../p2p/endpoint';
import type * as OnionKey from '../p2p/tor/onion-key';
import type * as Onion from '../p2p/tor/onion-service';
import { NETWORKS } from '../wire/networks';
import type { AppConfig } from './config';

/** How Tor is asked for an onion service. */
export interface TorSettings {
  /** Its control port. */
  readonly control: Endpoint;
  /** Null where the cookie is used. */
  readonly password: string | null;
}

/**
 * Prepares the onion service that leads to our listening socket, if that is wanted. `start` asks Tor for it.
 * @throws FailureError where the file with its key can't be used
 */
export async function openOnion(
  { tor, join, dataDir, network }: Pick<AppConfig, 'tor' | 'join' | 'dataDir' | 'network'>,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<Onion.OnionService | undefined> {
  const listen = join?.listen;
  if (tor === undefined || listen === undefined || dataDir === undefined) return undefined;
  /* eslint-disable @typescript-eslint/no-require-imports -- loaded only where Tor's control port is named */
  const { OnionKeyFile } = require('../p2p/tor/onion-key') as typeof OnionKey;
  const { OnionService } = require('../p2p/tor/onion-service') as typeof Onion;
  /* eslint-enable @typescript-eslint/no-require-imports */
  const keyFile = new OnionKeyFile(dataDir, network);
  return new OnionService(
    { ...tor, listen, port: NETWORKS[network].port },
    {
      keyFile,
      key: await keyFile.load(),
      monotonicMs: () => clock.monotonicMs(),
      isUp: (address) => log.info('reachable by Tor', { address }),
      warn: (message) => log.warn(message),
    },
  );
}
