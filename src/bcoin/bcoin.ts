/*
 * The only file that imports bcoin (1.0.2, of 2018). The build inlines bcoin here, so that the published
 * package depends on none of its packages; see scripts/build.ts.
 */
import './backend';
import NetAddress from 'bcoin/lib/net/netaddress';
import * as packets from 'bcoin/lib/net/packets';
import BcoinPeer from 'bcoin/lib/net/peer';
import Network from 'bcoin/lib/protocol/network';
import type { ChainParts } from './chain-parts';
import { type NetworkName, NETWORKS } from '../wire/networks';
import type { RegtestParts } from './regtest-parts';

export { BcoinPeer, NetAddress, Network, packets };

/** bcoin's name of each network. Networks that bcoin does not know use the rules of testnet. */
const BCOIN_NAMES: Readonly<Record<NetworkName, string>> = {
  mainnet: 'main',
  testnet3: 'testnet',
  testnet4: 'testnet',
  signet: 'testnet',
  simnet: 'simnet',
  regtest: 'regtest',
};

/**
 * bcoin's Network object for a network, with the magic and the port of networks.ts. bcoin lacks testnet4 and
 * signet, and has another port for regtest.
 */
export function bcoinNetwork(name: NetworkName): Network {
  const { magic, port } = NETWORKS[name];
  return Object.create(Network.get(BCOIN_NAMES[name]), {
    magic: { value: magic, enumerable: true },
    port: { value: port, enumerable: true },
  }) as Network;
}

/* eslint-disable @typescript-eslint/no-require-imports -- only the demo and full validation need these, and loading takes a quarter of a second */
/** bcoin's chain, mempool, miner, pool and signing, for the network of the demo. */
export function loadRegtestParts(): RegtestParts {
  return {
    Chain: require('bcoin/lib/blockchain/chain') as RegtestParts['Chain'],
    Mempool: require('bcoin/lib/mempool/mempool') as RegtestParts['Mempool'],
    Miner: require('bcoin/lib/mining/miner') as RegtestParts['Miner'],
    Pool: require('bcoin/lib/net/pool') as RegtestParts['Pool'],
    KeyRing: require('bcoin/lib/primitives/keyring') as RegtestParts['KeyRing'],
    MTX: require('bcoin/lib/primitives/mtx') as RegtestParts['MTX'],
    Script: require('bcoin/lib/script/script') as RegtestParts['Script'],
  };
}

/** bcoin's chain and its dependencies, for full validation. */
export function loadChainParts(): ChainParts {
  return {
    Chain: require('bcoin/lib/blockchain/chain') as ChainParts['Chain'],
    Block: require('bcoin/lib/primitives/block') as ChainParts['Block'],
    DB: (require('bdb') as Pick<ChainParts, 'DB'>).DB,
    layout: require('bcoin/lib/blockchain/layout') as ChainParts['layout'],
    consensus: require('bcoin/lib/protocol/consensus') as ChainParts['consensus'],
    secp256k1: require('bcoin/node_modules/bcrypto/lib/secp256k1') as ChainParts['secp256k1'],
    hash256: require('bcoin/node_modules/bcrypto/lib/hash256') as ChainParts['hash256'],
  };
}
