import { encodeCompactTarget, decodeCompactTarget } from './compact-target';
import type { ChainParams } from './params';

/** The properties of earlier headers that the difficulty rules need. Indices are those of a HeaderTable. */
export interface Ancestry {
  parent(index: number): number;
  height(index: number): number;
  time(index: number): number;
  bits(index: number): number;
  /** Index of the ancestor at a height. */
  ancestor(index: number, height: number): number;
}

/** Largest factor by which the difficulty may rise or fall at one retarget. */
const MAX_FACTOR = 4;

/**
 * The compact target that a block with this parent and time must have (Core's `src/pow.cpp`
 * GetNextWorkRequired).
 */
export function requiredBits(params: ChainParams, chain: Ancestry, parent: number, time: number): number {
  const { retargetInterval, powLimitBits } = params;
  const height = chain.height(parent) + 1;
  if (height % retargetInterval === 0) {
    if (params.noRetargeting) return chain.bits(parent);
    const first = chain.ancestor(parent, height - retargetInterval);
    return retarget(
      params,
      chain.bits(params.bip94 ? first : parent),
      chain.time(parent) - chain.time(first),
    );
  }
  if (!params.minDifficultyBlocks) return chain.bits(parent);
  if (time > chain.time(parent) + 2 * params.targetSpacing) return powLimitBits;
  // The last block whose difficulty is not the minimum that a late block may have.
  let index = parent;
  while (chain.height(index) % retargetInterval !== 0 && chain.bits(index) === powLimitBits)
    index = chain.parent(index);
  return chain.bits(index);
}

/**
 * The next compact target, after a period under the target `bits` that took `timespan` seconds
 * (CalculateNextWorkRequired).
 */
export function retarget(params: ChainParams, bits: number, timespan: number): number {
  const { targetTimespan, powLimit } = params;
  const bounded = Math.max(
    Math.floor(targetTimespan / MAX_FACTOR),
    Math.min(timespan, targetTimespan * MAX_FACTOR),
  );
  const target = ((decodeCompactTarget(bits) ?? 0n) * BigInt(bounded)) / BigInt(targetTimespan);
  return encodeCompactTarget(target > powLimit ? powLimit : target);
}
