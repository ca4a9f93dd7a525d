import { BitReader } from './bit-reader';

// A map is a program for a small machine that reads the bits of an address and ends with the number of an
// autonomous system (Core 31 `src/util/asmap.cpp`, Interpret and SanityCheckAsmap). Instructions and their
// numbers are codes of variable length.

/** An IPv6 address. */
const ADDRESS_BITS = 128;

/** The instructions, by their number. */
const RETURN = 0;
const JUMP = 1;
const MATCH = 2;
const DEFAULT = 3;

/** The classes of a code: the bits of the numbers in each class, and the least number of the first one. */
interface Code {
  readonly least: number;
  readonly bits: readonly number[];
}

const INSTRUCTION: Code = { least: 0, bits: [0, 0, 1] };
const ASN: Code = { least: 1, bits: [15, 16, 17, 18, 19, 20, 21, 22, 23, 24] };
/** The bits that must match, after a leading 1. */
const MATCHED: Code = { least: 2, bits: [1, 2, 3, 4, 5, 6, 7, 8] };
const DISTANCE: Code = {
  least: 17,
  bits: Array.from({ length: 26 }, (_, i) => i + 5),
};

/** The most bits that one MATCH compares. */
const MOST_MATCHED = 8;

/** Bits after the program, which fill its last byte. */
const MOST_PADDING = 7;

/** Reads a number; null where the program ends within it or the code has no such class. */
function read(program: BitReader, { least, bits }: Code): number | null {
  let value = least;
  for (const [i, size] of bits.entries()) {
    // The last class has no bit that announces a further one.
    const isLast = i === bits.length - 1;
    const isFurther = isLast ? 0 : program.bit();
    if (isFurther === null) return null;
    if (isFurther === 1) {
      value += 2 ** size;
      continue;
    }
    const offset = program.bits(size);
    return offset === null ? null : value + offset;
  }
  return null;
}

/** The number of bits after the leading 1. */
function matchedBits(value: number): number {
  return 31 - Math.clz32(value);
}

/**
 * The number of the autonomous system of an address; 0 if the map has none.
 * @param bytes a program that passed `checkProgram`
 * @param ip 16 bytes
 */
export function lookUp(bytes: Buffer, ip: Buffer): number {
  const program = new BitReader(bytes);
  let at = 0;
  let found = 0;
  const next = (): number => {
    const bit = ((ip[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
    at++;
    return bit;
  };
  for (;;) {
    const instruction = read(program, INSTRUCTION);
    switch (instruction) {
      case RETURN:
        return read(program, ASN) ?? 0;
      case DEFAULT:
        found = read(program, ASN) ?? 0;
        break;
      case JUMP: {
        const distance = read(program, DISTANCE) ?? 0;
        if (next() === 1) program.skip(distance);
        break;
      }
      case MATCH: {
        const value = read(program, MATCHED) ?? 1;
        for (let bit = matchedBits(value) - 1; bit >= 0; bit--)
          if (next() !== ((value >> bit) & 1)) return found;
        break;
      }
      default:
        return found;
    }
  }
}

/** Where a jump leads, and how many bits of an address are left there. */
interface Target {
  readonly at: number;
  readonly bitsLeft: number;
}

/**
 * Follows all paths of a program once. Says what is wrong with it; null if each path ends with a result
 * before the bits of an address do. Takes time in proportion to its length.
 */
export function checkProgram(bytes: Buffer): string | null {
  const program = new BitReader(bytes);
  /** Jumps that were not followed yet, the nearest target last. */
  const targets: Target[] = [];
  let bitsLeft = ADDRESS_BITS;
  let before: number = JUMP;
  let hasShortMatch = false;
  const wrong = (what: string): string => `is no map: at bit ${program.at} ${what}`;
  for (;;) {
    const nearest = targets.at(-1);
    if (nearest !== undefined && program.at >= nearest.at) return wrong('a jump leads into an instruction');
    const instruction = read(program, INSTRUCTION);
    switch (instruction) {
      case RETURN: {
        if (before === DEFAULT) return wrong('a default has no use');
        if (read(program, ASN) === null) return wrong('it ends within a number');
        const target = targets.pop();
        if (target === undefined)
          return program.left > MOST_PADDING || program.bits(program.left) !== 0
            ? wrong('something follows its end')
            : null;
        if (program.at !== target.at) return wrong('no path leads to an instruction');
        bitsLeft = target.bitsLeft;
        before = JUMP;
        break;
      }
      case JUMP: {
        const distance = read(program, DISTANCE);
        if (distance === null || distance > program.left) return wrong('a jump leads behind the end');
        if (bitsLeft === 0) return wrong('a path reads more than an address has');
        bitsLeft--;
        const at = program.at + distance;
        const outer = targets.at(-1);
        if (outer !== undefined && at >= outer.at) return wrong('two jumps cross');
        targets.push({ at, bitsLeft });
        before = JUMP;
        break;
      }
      case MATCH: {
        const value = read(program, MATCHED);
        if (value === null) return wrong('it ends within a match');
        const bits = matchedBits(value);
        if (before !== MATCH) hasShortMatch = false;
        if (bits < MOST_MATCHED && hasShortMatch) return wrong('two short matches follow each other');
        hasShortMatch = bits < MOST_MATCHED;
        if (bitsLeft < bits) return wrong('a path reads more than an address has');
        bitsLeft -= bits;
        before = MATCH;
        break;
      }
      case DEFAULT:
        if (before === DEFAULT) return wrong('a default has no use');
        if (read(program, ASN) === null) return wrong('it ends within a number');
        before = DEFAULT;
        break;
      default:
        return wrong('it ends without a result');
    }
  }
}
