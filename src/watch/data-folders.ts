import path from 'node:path';
import type { NetworkName } from '../wire/networks';
import type { NodeKind } from './rpc-ports';

/** What of this machine decides where nodes keep their files. */
export interface Machine {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The folders in which a node keeps its files, the likeliest first. Sources: btcd `btcutil/appdata.go`; Core
 * `src/common/args.cpp` and, for the folders of Debian's service, `contrib/init/bitcoind.service`.
 */
export function dataFolders(kind: NodeKind, { home, platform, env }: Machine): readonly string[] {
  const [dotted, named] = kind === 'btcd' ? ['.btcd', 'Btcd'] : ['.bitcoin', 'Bitcoin'];
  if (platform === 'darwin') return [path.join(home, 'Library', 'Application Support', named)];
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local');
    const roaming = env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming');
    return [...new Set([path.join(local, named), path.join(roaming, named)])];
  }
  return [path.join(home, dotted), ...(kind === 'core' ? ['/var/lib/bitcoind'] : [])];
}

/** How Core calls a network. */
interface CoreNetwork {
  /** The name in `chain` of getblockchaininfo, and the heading in `bitcoin.conf`. */
  readonly chain: string;
  /** The folder below the data folder; '' is the data folder itself. */
  readonly folder: string;
}

/** Source: Bitcoin Core 31 `src/util/chaintype.cpp`, `src/chainparamsbase.cpp`. Simnet is btcd's alone. */
export const CORE_NETWORKS: Readonly<Partial<Record<NetworkName, CoreNetwork>>> = {
  mainnet: { chain: 'main', folder: '' },
  testnet3: { chain: 'test', folder: 'testnet3' },
  testnet4: { chain: 'testnet4', folder: 'testnet4' },
  signet: { chain: 'signet', folder: 'signet' },
  regtest: { chain: 'regtest', folder: 'regtest' },
};

/** The network that Core calls `chain`, or undefined. */
export function networkOfChain(chain: string): NetworkName | undefined {
  const found = Object.entries(CORE_NETWORKS).find(([, network]) => network.chain === chain);
  return found?.[0] as NetworkName | undefined;
}
