import type { NetworkName } from '../../wire/networks';

/** A DNS name whose addresses are those of nodes. */
export interface DnsSeed {
  readonly host: string;
  /**
   * Whether it answers for the name with {@link WANTED_SERVICES} before it with the nodes that have these.
   */
  readonly filters: boolean;
  /** Port of the nodes it names, where that is not the network's own. */
  readonly port?: number;
}

/** NODE_NETWORK and NODE_WITNESS, as seeds that can filter want it in a name. */
export const WANTED_SERVICES = 'x9';

const filtering = (host: string): DnsSeed => ({ host, filters: true });

/**
 * The seeds of each network: Bitcoin Core 31 `src/kernel/chainparams.cpp` vSeeds, and btcd v0.26
 * `chaincfg/params.go` DNSSeeds but for dnsseed.bitcoin.dashjr.org, which Core no longer has, and but for the
 * addresses among its signet seeds. On simnet and regtest there must be none: each is somebody's own.
 */
export const DNS_SEEDS: Readonly<Record<NetworkName, readonly DnsSeed[]>> = {
  mainnet: [
    filtering('seed.bitcoin.sipa.be'),
    filtering('dnsseed.bluematt.me'),
    filtering('seed.bitcoin.jonasschnelli.ch'),
    filtering('seed.btc.petertodd.net'),
    filtering('seed.bitcoin.sprovoost.nl'),
    filtering('dnsseed.emzy.de'),
    filtering('seed.bitcoin.wiz.biz'),
    filtering('seed.mainnet.achownodes.xyz'),
    { host: 'seed.bitnodes.io', filters: false },
  ],
  testnet3: [
    filtering('testnet-seed.bitcoin.jonasschnelli.ch'),
    filtering('seed.tbtc.petertodd.net'),
    filtering('seed.testnet.bitcoin.sprovoost.nl'),
    { host: 'testnet-seed.bluematt.me', filters: false },
    filtering('seed.testnet.achownodes.xyz'),
  ],
  testnet4: [filtering('seed.testnet4.bitcoin.sprovoost.nl'), filtering('seed.testnet4.wiz.biz')],
  signet: [filtering('seed.signet.bitcoin.sprovoost.nl'), filtering('seed.signet.achownodes.xyz')],
  simnet: [],
  regtest: [],
};
