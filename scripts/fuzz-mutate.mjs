// Random numbers from a seed, and payloads changed by them.

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

/** Numbers below a limit, by mulberry32. The same seed and index give the same numbers on every machine. */
export function randomOf(seed, index) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index, 0x85ebca6b)) >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  };
}

const noise = (random) => Buffer.from({ length: random(MAX_NOISE) }, () => random(256));

/** `bytes` with `removed` bytes from `offset` on replaced. */
const splice = (bytes, offset, removed, inserted) =>
  Buffer.concat([bytes.subarray(0, offset), inserted, bytes.subarray(offset + removed)]);

/** Ways to change bytes; each may write into those it gets, and gives those that count. */
const CHANGES = [
  (bytes, at, random) => ((bytes[at] ^= 1 << random(8)), bytes),
  (bytes, at, random) => ((bytes[at] = EDGES[random(EDGES.length)]), bytes),
  (bytes, at, random) => ((bytes[at] = random(256)), bytes),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, random) => splice(bytes, at, random(40), Buffer.alloc(0)),
  (bytes, at, random) => splice(bytes, at, 0, bytes.subarray(at, at + random(90))),
  (bytes, at, random) => splice(bytes, at, random(3), PROMISES[random(PROMISES.length)]),
  (bytes, at, random) => splice(bytes, at, random(MAX_NOISE), noise(random)),
  (bytes, at, random, other) => splice(bytes, at, random(90), other.subarray(random(other.length))),
  (bytes, at, random) => Buffer.concat([bytes, noise(random)]),
];

/** Changes that leave the length: the only ones for blocks, whose bytes are not copied again and again. */
const IN_PLACE = 3;

/** A copy of `payload` with one to four changes; parts of `other` may come into it. */
export function mutate(payload, other, random, inPlace) {
  let bytes = Buffer.from(payload);
  const kinds = inPlace ? IN_PLACE : CHANGES.length;
  for (let left = 1 + random(4); left > 0; left--) {
    // Counts and lengths stand near the front more often than not.
    const at = random(2) === 0 ? random(Math.min(bytes.length, 120)) : random(bytes.length);
    if (bytes.length > 0) bytes = CHANGES[random(kinds)](bytes, at, random, other);
    else bytes = noise(random);
  }
  return bytes;
}
