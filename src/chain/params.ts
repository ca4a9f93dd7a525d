import { displayOf, hash256 } from '../wire/hash';
import type { NetworkName } from '../wire/networks';
import { type Checkpoints, MAINNET_CHECKPOINTS, NO_CHECKPOINTS, TESTNET3_CHECKPOINTS } from './checkpoints';

/** The consensus rules in which networks differ. */
export interface ChainParams {
  /** The 80 bytes of the genesis header. */
  readonly genesis: Buffer;
  /** The easiest target that a block may have, and its compact form. */
  readonly powLimit: bigint;
  readonly powLimitBits: number;
  /** How long `retargetInterval` blocks should take, in seconds. */
  readonly targetTimespan: number;
  /** How long one block should take, in seconds. */
  readonly targetSpacing: number;
  /** Number of blocks between changes of the difficulty. */
  readonly retargetInterval: number;
  /** Whether a block 20 minutes after its parent may have the minimum difficulty (testnets). */
  readonly minDifficultyBlocks: boolean;
  /**
   * Whether BIP94 applies: the difficulty follows from the first block of a period, and the time of that
   * block may not be far before its parent's.
   */
  readonly bip94: boolean;
  /** Whether the difficulty never changes (regtest). */
  readonly noRetargeting: boolean;
  readonly checkpoints: Checkpoints;
  /** Activation heights: the height in the coinbase (BIP34), block versions 4 (BIP65) and 3 (BIP66), … */
  readonly bip34Height: number;
  readonly bip65Height: number;
  readonly bip66Height: number;
  /** … lock times compared with the median time (BIP113, deployed with BIP68 and 112), … */
  readonly csvHeight: number;
  /** … and the witness commitment (BIP141). */
  readonly segwitHeight: number;
  /** Number of blocks between halvings of the subsidy. */
  readonly halvingInterval: number;
}

const WEEKS_2 = 14 * 24 * 60 * 60;
const MINUTES_10 = 10 * 60;

/** Merkle root of the genesis blocks of all networks except testnet4, in wire order. */
const MERKLE_ROOT = '3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a';
const TESTNET4_MERKLE_ROOT = '4e7b2b9128fe0291db0693af2ae418b767e657cd407e80cb1434221eaea7a07a';

/** Values that most networks share. Every rule is active from the first block, as in the younger networks. */
const COMMON = {
  targetTimespan: WEEKS_2,
  targetSpacing: MINUTES_10,
  retargetInterval: WEEKS_2 / MINUTES_10,
  minDifficultyBlocks: false,
  bip94: false,
  noRetargeting: false,
  checkpoints: NO_CHECKPOINTS,
  bip34Height: 1,
  bip65Height: 1,
  bip66Height: 1,
  csvHeight: 1,
  segwitHeight: 1,
  halvingInterval: 210_000,
};

/** Easiest target of mainnet and the public testnets. */
const PUBLIC_LIMIT = { powLimit: (1n << 224n) - 1n, powLimitBits: 0x1d00ffff };
/** Easiest target of networks where a block takes two tries. */
const PRIVATE_LIMIT = { powLimit: (1n << 255n) - 1n, powLimitBits: 0x207fffff };

/**
 * The rules of each network. Sources: Bitcoin Core 31 `src/kernel/chainparams.cpp`; btcd v0.26
 * `chaincfg/params.go`, the only one with simnet. Two things differ from theirs. Signet's challenge (BIP325)
 * is not verified, so a signet block needs no signature here. On simnet, where btcd's miners vote for CSV and
 * segwit, both are active from block 1. Until the vote is won, its miners make no block that they forbid.
 */
export const CHAIN_PARAMS: Readonly<Record<NetworkName, ChainParams>> = {
  mainnet: {
    ...COMMON,
    ...PUBLIC_LIMIT,
    genesis: genesis(MERKLE_ROOT, 1_231_006_505, 0x1d00ffff, 2_083_236_893),
    checkpoints: MAINNET_CHECKPOINTS,
    bip34Height: 227_931,
    bip65Height: 388_381,
    bip66Height: 363_725,
    csvHeight: 419_328,
    segwitHeight: 481_824,
  },
  testnet3: {
    ...COMMON,
    ...PUBLIC_LIMIT,
    genesis: genesis(MERKLE_ROOT, 1_296_688_602, 0x1d00ffff, 414_098_458),
    minDifficultyBlocks: true,
    checkpoints: TESTNET3_CHECKPOINTS,
    bip34Height: 21_111,
    bip65Height: 581_885,
    bip66Height: 330_776,
    csvHeight: 770_112,
    segwitHeight: 834_624,
  },
  testnet4: {
    ...COMMON,
    ...PUBLIC_LIMIT,
    genesis: genesis(TESTNET4_MERKLE_ROOT, 1_714_777_860, 0x1d00ffff, 393_743_547),
    minDifficultyBlocks: true,
    bip94: true,
  },
  signet: {
    ...COMMON,
    powLimit: 0x0377aen << 216n,
    powLimitBits: 0x1e0377ae,
    genesis: genesis(MERKLE_ROOT, 1_598_918_400, 0x1e0377ae, 52_613_770),
  },
  simnet: {
    ...COMMON,
    ...PRIVATE_LIMIT,
    genesis: genesis(MERKLE_ROOT, 1_401_292_357, 0x207fffff, 2),
    minDifficultyBlocks: true,
  },
  regtest: {
    ...COMMON,
    ...PRIVATE_LIMIT,
    genesis: genesis(MERKLE_ROOT, 1_296_688_602, 0x207fffff, 2),
    minDifficultyBlocks: true,
    noRetargeting: true,
    halvingInterval: 150,
  },
};

/** Hash of a network's genesis block (reversed hex). */
export function genesisHash(params: ChainParams): string {
  return displayOf(hash256(params.genesis));
}

function genesis(merkleRoot: string, time: number, bits: number, nonce: number): Buffer {
  const header = Buffer.alloc(80);
  header.writeInt32LE(1, 0);
  header.write(merkleRoot, 36, 'hex');
  header.writeUInt32LE(time, 68);
  header.writeUInt32LE(bits, 72);
  header.writeUInt32LE(nonce, 76);
  return header;
}
