import type { Block } from '../wire/block';
import type { ChainParams } from './params';

/** Satoshi that a block of the first era mints. */
const FIRST_SUBSIDY = 50 * 100_000_000;

/** Satoshi that the block at a height may mint (Bitcoin Core `src/validation.cpp` GetBlockSubsidy). */
export function subsidy(height: number, { halvingInterval }: ChainParams): number {
  return Math.floor(FIRST_SUBSIDY / 2 ** Math.floor(height / halvingInterval));
}

/** Satoshi of the coinbase's outputs. */
export function coinbaseValue({ transactions }: Block): number {
  return (transactions[0]?.outputs ?? []).reduce((total, { value }) => total + value, 0);
}
