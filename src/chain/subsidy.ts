import type { Block } from '../wire/block';
import type { ChainParams } from './params';

/** Subsidy of a block of the first era, in satoshi. */
const FIRST_SUBSIDY = 50 * 100_000_000;

/** Subsidy of the block at a height, in satoshi (Bitcoin Core `src/validation.cpp` GetBlockSubsidy). */
export function subsidy(height: number, { halvingInterval }: ChainParams): number {
  return Math.floor(FIRST_SUBSIDY / 2 ** Math.floor(height / halvingInterval));
}

/** Sum of the coinbase's outputs, in satoshi. */
export function coinbaseValue({ transactions }: Block): number {
  return (transactions[0]?.outputs ?? []).reduce((total, { value }) => total + value, 0);
}
