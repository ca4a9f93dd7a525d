// Random numbers from a seed, and random changes of payloads.
import { mulberry32 } from '../support/random';

/** Gives a random whole number from 0 to `limit` - 1. */
export type Random = (limit: number) => number;

/** Byte values at which a CompactSize changes its form or a number its sign. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff];

/** CompactSizes that claim a huge count, or that have a longer form than they need. */
const PROMISES = [
  'fdfd00',
  'fdffff',
  'fd0100',
  'fe00000100',
  'feffffff7f',
  'ffffffffffffffffff',
  'ff0000000001000000',
].map((text) => Buffer.from(text, 'hex'));

const MAX_NOISE = 64;

/** The random numbers of one input. The same seed and index give the same numbers on every machine. */
export function randomOf(seed: number, index: number): Random {
  const next = mulberry32(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b));
  return (limit) => Math.floor(next() * limit);
}

const noise = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random(MAX_NOISE) }, () => random(256)));

/** A random element of `choices`, which must not be empty. */
export function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[random(choices.length)];
  if (choice === undefined) throw new Error('there is nothing to choose from');
  return choice;
}

/** Replaces `removed` bytes from `offset` on by `inserted`. */
const splice = (bytes: Buffer, offset: number, removed: number, inserted: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, offset), inserted, bytes.subarray(offset + removed)]);

function set(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

/** Changes bytes at an offset. It may change them in place, and returns the result. */
type Change = (bytes: Buffer, at: number, random: Random, other: Buffer) => Buffer;

/** The changes that keep the length. Blocks get only these, so that a block is copied only once. */
const IN_PLACE: readonly Change[] = [
  (bytes, at, random) => set(bytes, at, (bytes[at] ?? 0) ^ (1 << random(8))),
  (bytes, at, random) => set(bytes, at, pick(EDGES, random)),
  (bytes, at, random) => set(bytes, at, random(256)),
];

const CHANGES: readonly Change[] = [
  ...IN_PLACE,
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => splice(bytes, at, random(40), Buffer.alloc(0)),
  (bytes, at, random) => splice(bytes, at, 0, bytes.subarray(at, at + random(90))),
  (bytes, at, random) => splice(bytes, at, random(3), pick(PROMISES, random)),
  (bytes, at, random) => splice(bytes, at, random(MAX_NOISE), noise(random)),
  (bytes, at, random, other) => splice(bytes, at, random(90), other.subarray(random(other.length))),
  (bytes, _at, random) => Buffer.concat([bytes, noise(random)]),
];

/** A copy of `payload` with one to four changes. A change may insert a part of `other`. */
export function mutate(payload: Buffer, other: Buffer, random: Random, isInPlace: boolean): Buffer {
  let bytes: Buffer = Buffer.from(payload);
  const changes = isInPlace ? IN_PLACE : CHANGES;
  for (let left = 1 + random(4); left > 0; left--) {
    // Half of the changes are near the front, where most counts and lengths are.
    const at = random(2) === 0 ? random(Math.min(bytes.length, 120)) : random(bytes.length);
    if (bytes.length > 0) bytes = pick(changes, random)(bytes, at, random, other);
    else bytes = noise(random);
  }
  return bytes;
}
