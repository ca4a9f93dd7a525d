/**
 * SHA-256 (FIPS 180-4) of messages of 32 bytes, four at a time in the lanes of WebAssembly's vectors. The
 * module is assembled here. Since every message has the same length, each takes one block, half of which is
 * constant.
 */

/** Bytes of a message, and of a digest. */
export const HASH_BYTES = 32;

/** Messages that are hashed at a time. */
export const LANES = 4;

/** A memory of one page of 64 KiB for messages and digests, and the function that hashes them. */
export interface Sha256x4 {
  readonly memory: Buffer;
  /**
   * Hashes the messages from offset `messages` on, four at a time, and writes the digests from `digests` up
   * to `end`.
   */
  readonly hash: (messages: number, digests: number, end: number) => void;
}

type Code = readonly number[];

const ROUNDS = 64;

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits of the fraction. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);

const ROUND_CONSTANTS = primes(ROUNDS).map((prime) => fraction(Math.cbrt(prime)));
const INITIAL_STATE = primes(8).map((prime) => fraction(Math.sqrt(prime)));

/** Words 8 to 15 of the block: the padding bit, zeros, the length in bits. */
const PADDING = [0x8000_0000, 0, 0, 0, 0, 0, 0, 8 * HASH_BYTES];

// Parameters and locals of the function.
const MESSAGES = 0;
const DIGESTS = 1;
const END = 2;
const STATE = 3;
const SCHEDULE = STATE + 8;
const SUM = SCHEDULE + 16;
const VECTORS = 8 + 16 + 1;

function unsigned(n: number): Code {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...unsigned(n >>> 7)];
}

// Instructions by their numbers in the WebAssembly specification, 5.4.
const simd = (opcode: number, ...rest: readonly number[]): Code => [0xfd, ...unsigned(opcode), ...rest];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
/** A constant below 64, which takes one byte. */
const small = (n: number): Code => [0x41, n];
const I32_ADD = [0x6a];
const I32_LESS = [0x49];
const LOOP = [0x03, 0x40];
const AGAIN_IF = [0x0d, 0];
const END_OF_BLOCK = [0x0b];
const loadLane = (lane: number, offset: number): Code => simd(0x56, 2, ...unsigned(offset), lane);
const storeLane = (lane: number, offset: number): Code => simd(0x5a, 2, ...unsigned(offset), lane);
const swapBytes = simd(0x0d, ...[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]);
const SHIFT_LEFT = simd(0xab);
const SHIFT_RIGHT = simd(0xad);
const OR = simd(0x50);

/** The same number in every lane. */
function constant(n: number): Code {
  const bytes = Buffer.alloc(16);
  for (let lane = 0; lane < LANES; lane++) bytes.writeUInt32LE(n, lane * 4);
  return simd(0x0c, ...bytes);
}

/** Applies an operation of two operands to many operands, one after the other. */
const folded =
  (operation: Code) =>
  (first: Code, ...others: readonly Code[]): Code => [
    ...first,
    ...others.flatMap((other) => [...other, ...operation]),
  ];
const add = folded(simd(0xae));
const and = folded(simd(0x4e));
const xor = folded(simd(0x51));

const shift = (x: Code, n: number): Code => [...x, ...small(n), ...SHIFT_RIGHT];
const rotate = (x: Code, n: number): Code => [
  ...shift(x, n),
  ...[...x, ...small(32 - n), ...SHIFT_LEFT],
  ...OR,
];

/** Loads the messages' words into the schedule, and the padding after them. */
function load(): Code {
  const words = Array.from({ length: 8 }, (_, word) => [
    ...constant(0),
    ...set(SCHEDULE + word),
    ...Array.from({ length: LANES }, (__, lane) => [
      ...[...get(MESSAGES), ...get(SCHEDULE + word)],
      ...[...loadLane(lane, lane * HASH_BYTES + word * 4), ...set(SCHEDULE + word)],
    ]).flat(),
    ...[...get(SCHEDULE + word), ...get(SCHEDULE + word), ...swapBytes, ...set(SCHEDULE + word)],
  ]);
  const padding = PADDING.map((word, i) => [...constant(word), ...set(SCHEDULE + 8 + i)]);
  const state = INITIAL_STATE.map((word, i) => [...constant(word), ...set(STATE + i)]);
  return [...words, ...padding, ...state].flat();
}

/**
 * One round (FIPS 180-4, 6.2.2). The state's eight variables stay in their locals; only their names move on.
 */
function round(i: number): Code {
  const variable = (index: number): number => STATE + ((index - i + ROUNDS) % 8);
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(variable) as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  const scheduled = (back: number): Code => get(SCHEDULE + ((i - back + ROUNDS) % 16));
  const sigma = (x: Code, first: number, second: number, shifted: number): Code =>
    xor(rotate(x, first), rotate(x, second), shift(x, shifted));
  const bigSigma = (x: Code, ...turns: readonly [number, number, number]): Code =>
    xor(rotate(x, turns[0]), rotate(x, turns[1]), rotate(x, turns[2]));

  const expand =
    i < 16
      ? []
      : [
          ...add(
            scheduled(16),
            sigma(scheduled(15), 7, 18, 3),
            scheduled(7),
            sigma(scheduled(2), 17, 19, 10),
          ),
          ...set(SCHEDULE + (i % 16)),
        ];
  const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
  const majority = xor(and(get(a), get(b)), and(get(c), xor(get(a), get(b))));
  return [
    ...expand,
    ...add(get(h), bigSigma(get(e), 6, 11, 25), choice, constant(ROUND_CONSTANTS[i] ?? 0), scheduled(0)),
    ...set(SUM),
    ...[...add(get(d), get(SUM)), ...set(d)],
    ...[...add(get(SUM), bigSigma(get(a), 2, 13, 22), majority), ...set(h)],
  ];
}

/**
 * Stores the digests in memory. The bytes of each word are swapped, as WebAssembly stores the lowest byte
 * first.
 */
function store(): Code {
  return INITIAL_STATE.flatMap((word, i) => [
    ...[...add(get(STATE + i), constant(word)), ...set(STATE + i)],
    ...[...get(STATE + i), ...get(STATE + i), ...swapBytes, ...set(STATE + i)],
    ...Array.from({ length: LANES }, (_, lane) => [
      ...[...get(DIGESTS), ...get(STATE + i)],
      ...storeLane(lane, lane * HASH_BYTES + i * 4),
    ]).flat(),
  ]);
}

const advance = (parameter: number): Code => [
  ...[...get(parameter), ...[0x41, 0x80, 0x01], ...I32_ADD],
  ...set(parameter),
];

function body(): Code {
  return [
    ...LOOP,
    ...load(),
    ...Array.from({ length: ROUNDS }, (_, i) => round(i)).flat(),
    ...store(),
    ...advance(MESSAGES),
    ...advance(DIGESTS),
    ...[...get(DIGESTS), ...get(END), ...I32_LESS, ...AGAIN_IF],
    ...END_OF_BLOCK,
  ];
}

const vector = (...items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const named = (name: string): Code => sized([...Buffer.from(name)]);

const I32 = 0x7f;
const V128 = 0x7b;

/** The binary form of the module (specification, 5.5). */
function assemble(): Uint8Array<ArrayBuffer> {
  const code = [...vector([VECTORS, V128]), ...body(), ...END_OF_BLOCK];
  return Uint8Array.from([
    ...[...Buffer.from('\0asm'), 1, 0, 0, 0],
    ...section(1, vector([0x60, ...vector([I32], [I32], [I32]), ...vector()])),
    ...section(3, vector([0])),
    ...section(5, vector([0, 1])),
    ...section(7, vector([...named('memory'), 2, 0], [...named('hash'), 0, 0])),
    ...section(10, vector(sized(code))),
  ]);
}

/** Assembles and compiles the module. Undefined where this machine or this Node has no vectors. */
export function compileSha256x4(): Sha256x4 | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
    const { memory, hash } = exports as unknown as { memory: WebAssembly.Memory; hash: Sha256x4['hash'] };
    return { memory: Buffer.from(memory.buffer), hash };
  } catch {
    return undefined;
  }
}
