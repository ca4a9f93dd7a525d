/** What 7 bits hold; the eighth says that others follow. */
const GROUP = 128;

/**
 * Writes a whole number from 0 to 2^53 in groups of 7 bits, the lowest first: 1 to 8 bytes.
 * @returns where the next begins
 */
export function packNumber(bytes: Buffer, at: number, value: number): number {
  let next = at;
  let rest = value;
  for (; rest >= GROUP; rest = Math.floor(rest / GROUP)) bytes[next++] = (rest % GROUP) + GROUP;
  bytes[next++] = rest;
  return next;
}

/** Reads packed numbers one after the other. */
export class PackedNumbers {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  next(): number {
    let value = 0;
    for (let factor = 1; ; factor *= GROUP) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte % GROUP) * factor;
      if (byte < GROUP) return value;
    }
  }
}
