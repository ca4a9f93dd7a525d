import type { NetworkName } from '../../wire/networks';

/** A DNS name that resolves to addresses of nodes. */
export interface DnsSeed {
  readonly host: string;
  /**
   * Whether it can filter by services: with the prefix {@link WANTED_SERVICES} it resolves to nodes that have
   * these.
   */
  readonly filters: boolean;
  /** Port of its nodes, if it is not the network's default. */
  readonly port?: number;
}

/** NODE_NETWORK and NODE_WITNESS, as the prefix of a filtering seed. */
export const WANTED_SERVICES = 'x9';

const filtering = (host: string): DnsSeed => ({ host, filters: true });

/**
 * The seeds of each network: Bitcoin Core 31 `src/kernel/chainparams.cpp` vSeeds, and btcd v0.26
 * `chaincfg/params.go` DNSSeeds, without dnsseed.bitcoin.dashjr.org, which Core has removed, and without the
 * addresses among its signet seeds. Simnet and regtest are private and have none.
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
