// Random numbers from a seed, and payloads that are changed by them.
import { mulberry32 } from '../support/random';

/** A whole number from 0 to below a limit. */
export type Random = (limit: number) => number;

/** Values at which counts, lengths and signs turn. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff];

/** CompactSizes that promise much, or say little in a long form. */
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

/** The numbers of one input. The same seed and index give the same numbers on every machine. */
export function randomOf(seed: number, index: number): Random {
  const next = mulberry32(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b));
  return (limit) => Math.floor(next() * limit);
}

const noise = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random(MAX_NOISE) }, () => random(256)));

/** One of `choices`, of which there is at least one. */
export function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[random(choices.length)];
  if (choice === undefined) throw new Error('there is nothing to choose from');
  return choice;
}

/** `bytes` with `removed` bytes from `offset` on replaced. */
const splice = (bytes: Buffer, offset: number, removed: number, inserted: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, offset), inserted, bytes.subarray(offset + removed)]);

function set(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

/** Changes bytes at an offset. It may write into them, and returns those that count. */
type Change = (bytes: Buffer, at: number, random: Random, other: Buffer) => Buffer;

const CHANGES: readonly Change[] = [
  (bytes, at, random) => set(bytes, at, (bytes[at] ?? 0) ^ (1 << random(8))),
  (bytes, at, random) => set(bytes, at, pick(EDGES, random)),
  (bytes, at, random) => set(bytes, at, random(256)),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => splice(bytes, at, random(40), Buffer.alloc(0)),
  (bytes, at, random) => splice(bytes, at, 0, bytes.subarray(at, at + random(90))),
  (bytes, at, random) => splice(bytes, at, random(3), pick(PROMISES, random)),
  (bytes, at, random) => splice(bytes, at, random(MAX_NOISE), noise(random)),
  (bytes, at, random, other) => splice(bytes, at, random(90), other.subarray(random(other.length))),
  (bytes, _at, random) => Buffer.concat([bytes, noise(random)]),
];

/** The first changes leave the length. Blocks get no others, so that their bytes are copied once. */
const IN_PLACE = CHANGES.slice(0, 3);

/** A copy of `payload` with one to four changes; parts of `other` may come into it. */
export function mutate(payload: Buffer, other: Buffer, random: Random, isInPlace: boolean): Buffer {
  let bytes: Buffer = Buffer.from(payload);
  const changes = isInPlace ? IN_PLACE : CHANGES;
  for (let left = 1 + random(4); left > 0; left--) {
    // Most counts and lengths are near the front.
    const at = random(2) === 0 ? random(Math.min(bytes.length, 120)) : random(bytes.length);
    if (bytes.length > 0) bytes = pick(changes, random)(bytes, at, random, other);
    else bytes = noise(random);
  }
  return bytes;
}
