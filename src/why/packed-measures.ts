import type { Measures } from '../policy/measures';
import { type PackedNumbers, packNumber } from './packed-numbers';

/**
 * The measures that are written: those that the sizes and the version of a transaction do not tell. The first
 * seven are the frequent ones.
 */
const NAMES = [
  ...(['monetaryOutputs', 'sigopCost', 'lockTime', 'longestSigScript'] as const),
  ...(['nulldataOutputs', 'nulldataBytes', 'longestNulldata', 'wrongNulldataOutputs'] as const),
  ...(['notPushOnly', 'nonStandardOutputs', 'unknownWitnessOutputs', 'pubkeyOutputs'] as const),
  ...(['multisigOutputs', 'wrongMultisigOutputs', 'mostMultisigKeys'] as const),
  ...(['coreDust', 'knotsDust', 'btcdDust', 'isNonFinal'] as const),
];

/** What the sizes and the version of a transaction tell. */
export type Sizes = Pick<Measures, 'version' | 'weight' | 'vsize'> & { readonly size: number };

/**
 * Writes measures: a bit for each that is not 0, and these numbers. Most are 0.
 * @returns where the next begins
 */
export function packMeasures(measures: Measures, bytes: Buffer, at: number): number {
  let present = 0;
  for (const [bit, name] of NAMES.entries()) if (Number(measures[name]) !== 0) present |= 1 << bit;
  let next = packNumber(bytes, at, present);
  for (const name of NAMES) {
    const value = Number(measures[name]);
    if (value !== 0) next = packNumber(bytes, next, value);
  }
  return next;
}

/** Reads measures. */
export function unpackMeasures({ version, weight, vsize, size }: Sizes, numbers: PackedNumbers): Measures {
  const present = numbers.next();
  const found = Object.fromEntries(
    NAMES.map((name, bit) => [name, (present & (1 << bit)) === 0 ? 0 : numbers.next()]),
  ) as Readonly<Record<(typeof NAMES)[number], number>>;
  return {
    ...{ version, weight, vsize },
    // The weight counts these bytes four times, and those of witnesses once (BIP141).
    strippedSize: (weight - size) / 3,
    ...found,
    isNonFinal: found.isNonFinal === 1,
  };
}
