import type { Measures } from '../policy/measures';

/** Measures that are 32 bits long, and those of 16 bits; larger ones are kept as the largest that fits. */
const LONG = ['nulldataBytes', 'longestNulldata', 'sigopCost', 'lockTime'] as const;
const SHORT = [
  ...(['longestSigScript', 'notPushOnly', 'nonStandardOutputs', 'unknownWitnessOutputs'] as const),
  ...(['pubkeyOutputs', 'multisigOutputs', 'wrongMultisigOutputs', 'mostMultisigKeys'] as const),
  ...(['nulldataOutputs', 'wrongNulldataOutputs', 'monetaryOutputs', 'coreDust', 'knotsDust'] as const),
  ...(['btcdDust', 'isNonFinal'] as const),
];
const MOST_SHORT = 0xffff;

/** Bytes of the measures of a transaction, without those that its sizes and its version tell. */
export const PACKED_BYTES = 4 * LONG.length + 2 * (SHORT.length + 1);

/** What the sizes and the version of a transaction tell. */
export type Sizes = Pick<Measures, 'version' | 'weight' | 'vsize'> & { readonly size: number };

/** Writes measures from an offset on. */
export function packMeasures(measures: Measures, bytes: Buffer, at: number): void {
  let next = at;
  for (const name of LONG) next = bytes.writeUInt32LE(measures[name], next);
  for (const name of SHORT) next = bytes.writeUInt16LE(Math.min(MOST_SHORT, Number(measures[name])), next);
}

/** Reads measures from an offset on. */
export function unpackMeasures({ version, weight, vsize, size }: Sizes, bytes: Buffer, at: number): Measures {
  const long = Object.fromEntries(LONG.map((name, index) => [name, bytes.readUInt32LE(at + 4 * index)]));
  const from = at + 4 * LONG.length;
  const short = Object.fromEntries(SHORT.map((name, index) => [name, bytes.readUInt16LE(from + 2 * index)]));
  const { isNonFinal, ...counts } = short as Readonly<Record<(typeof SHORT)[number], number>>;
  return {
    ...{ version, weight, vsize },
    // The weight counts these bytes four times, and those of witnesses once (BIP141).
    strippedSize: (weight - size) / 3,
    ...(long as Readonly<Record<(typeof LONG)[number], number>>),
    ...counts,
    isNonFinal: isNonFinal === 1,
  };
}
