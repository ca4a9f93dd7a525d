import { NETWORKS, type NetworkName } from '../wire/networks';

/** The programs whose RPC is known. */
export type NodeKind = 'btcd' | 'core';

/**
 * Default ports of the RPC. Sources: btcd v0.26 `params.go`; Bitcoin Core 31 `src/chainparamsbase.cpp`, which
 * has no simnet.
 */
export const RPC_PORTS: Readonly<Record<NodeKind, Readonly<Partial<Record<NetworkName, number>>>>> = {
  btcd: { mainnet: 8334, testnet3: 18334, testnet4: 48334, signet: 38332, simnet: 18556, regtest: 18334 },
  core: { mainnet: 8332, testnet3: 18332, testnet4: 48332, signet: 38332, regtest: 18443 },
};

/** The program as messages name it. */
export const PROGRAM: Readonly<Record<NodeKind, string>> = { btcd: 'btcd', core: 'Bitcoin Core' };

/** The network whose nodes listen for peers on a port by default; undefined if there is none. */
export function networkOfPeerPort(port: number): NetworkName | undefined {
  return Object.values(NETWORKS).find((network) => network.port === port)?.name;
}
