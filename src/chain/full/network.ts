import { bcoinNetwork, type Network } from '../../bcoin/bcoin';
import type { ChainParts } from '../../bcoin/chain-parts';
import type { NetworkName } from '../../wire/networks';
import { displayOf, hash256 } from '../../wire/hash';
import type { ChainParams } from '../params';

/** Number of blocks kept for reorganisations, as pruned nodes keep them (BIP159). */
const KEPT_BLOCKS = 288;

/** Coinbase of the genesis block of all networks except testnet4. */
const COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d' +
  '65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f7220' +
  '62616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f' +
  '4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000';

/**
 * Source: Bitcoin Core 31 `src/kernel/chainparams.cpp`. A hash of a mainnet block takes the place of the
 * headline, and the key is zeros.
 */
const TESTNET4_COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff5504ffff001d01044c4c' +
  Buffer.from('03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e').toString(
    'hex',
  ) +
  `ffffffff0100f2052a010000002321${'00'.repeat(33)}ac00000000`;

/** The genesis block of a network, serialized. */
export function genesisBlock(name: NetworkName, { genesis }: ChainParams): Buffer {
  const coinbase = name === 'testnet4' ? TESTNET4_COINBASE : COINBASE;
  return Buffer.concat([genesis, Buffer.of(1), Buffer.from(coinbase, 'hex')]);
}

/**
 * bcoin's Network object for full validation, with the rules of `params` where bcoin's are outdated or belong
 * to another network.
 */
export function fullNetwork(
  name: NetworkName,
  params: ChainParams,
  { consensus }: Pick<ChainParts, 'consensus'>,
): Network {
  const base = bcoinNetwork(name) as Network & { readonly pow: object; readonly block: object };
  const hash = Buffer.from(displayOf(hash256(params.genesis)), 'hex')
    .reverse()
    .toString('hex');
  const rules = {
    genesis: { hash, time: params.genesis.readUInt32LE(68) },
    genesisBlock: genesisBlock(name, params).toString('hex'),
    halvingInterval: params.halvingInterval,
    pow: {
      ...base.pow,
      bits: params.powLimitBits,
      limit: consensus.fromCompact(params.powLimitBits),
      targetTimespan: params.targetTimespan,
      targetSpacing: params.targetSpacing,
      retargetInterval: params.retargetInterval,
      targetReset: params.minDifficultyBlocks,
      noRetargeting: params.noRetargeting,
    },
    block: {
      ...base.block,
      bip34height: params.bip34Height,
      bip65height: params.bip65Height,
      bip66height: params.bip66Height,
      pruneAfterHeight: 0,
      keepBlocks: KEPT_BLOCKS,
    },
  };
  return Object.create(
    base,
    Object.fromEntries(Object.entries(rules).map(([key, value]) => [key, { value, enumerable: true }])),
  ) as Network;
}
