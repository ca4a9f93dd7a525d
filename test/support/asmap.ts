// Maps of autonomous systems, put together from the codes of their instructions.

/** Bits in the order in which they are read, as the bytes of a program. */
export function program(...codes: readonly string[]): Buffer {
  const bits = codes.join('');
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++)
    if (bits[i] === '1') bytes[i >> 3] = (bytes[i >> 3] ?? 0) | (1 << (i & 7));
  return bytes;
}

export const RETURN = '0';
export const JUMP = '10';
export const MATCH = '110';
export const DEFAULT = '111';
/** The number of an autonomous system below 32,769. */
export const asn = (number: number): string => `0${(number - 1).toString(2).padStart(15, '0')}`;
/** A distance below 49. */
export const distance = (bits: number): string => `0${(bits - 17).toString(2).padStart(5, '0')}`;
/** One bit that must match. */
export const one = (bit: 0 | 1): string => `0${bit}`;
