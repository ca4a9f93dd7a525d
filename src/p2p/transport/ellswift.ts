import { randomBytes } from 'node:crypto';
import { inverse, isSquare, mod, P, squareRoot } from './field';

/** Bytes of an x coordinate, and of one that is encoded. */
const ELEMENT_BYTES = 32;
export const ELLSWIFT_BYTES = 2 * ELEMENT_BYTES;

/** The number of branches of the inverse. */
const CASES = 8;

const HALF = inverse(2n);
const ROOT_OF_MINUS_3 = squareRoot(mod(-3n)) ?? 0n;

/** Whether there is a point on the curve with this x coordinate. */
function isOnCurve(x: bigint): boolean {
  return isSquare(mod(x * x * x + 7n));
}

/**
 * The x coordinate of a point on secp256k1 that two field elements encode; any two encode one. BIP324 calls
 * the function XSwiftEC.
 */
function decode(first: bigint, second: bigint): bigint {
  const u = first === 0n ? 1n : first;
  let t = second === 0n ? 1n : second;
  const g = mod(u * u * u + 7n);
  if (mod(g + t * t) === 0n) t = mod(2n * t);
  const x = mod((g - t * t) * inverse(mod(2n * t)));
  const y = mod((x + t) * inverse(mod(ROOT_OF_MINUS_3 * u)));
  const quotient = mod(x * inverse(y));
  for (const candidate of [mod(u + 4n * y * y), mod((-quotient - u) * HALF)])
    if (isOnCurve(candidate)) return candidate;
  return mod((quotient - u) * HALF);
}

/**
 * The field element `t` that encodes, with `u`, the x coordinate of a point; null if this branch of the
 * inverse (0 to 7) has none. BIP324 calls the function XSwiftECInv.
 */
export function encodeWith(x: bigint, u: bigint, branch: number): bigint | null {
  const g = mod(u * u * u + 7n);
  let s: bigint;
  let v: bigint;
  if ((branch & 2) === 0) {
    const other = mod(-x - u);
    if (isOnCurve(other)) return null;
    v = (branch & 1) === 0 ? x : other;
    s = mod(-g * inverse(mod(u * u + u * v + v * v)));
    if (!isSquare(s)) return null;
  } else {
    s = mod(x - u);
    if (s === 0n) return null;
    if (!isSquare(s)) return null;
    const r = squareRoot(mod(-s * (4n * g + 3n * s * u * u)));
    if (r === null || ((branch & 1) !== 0 && r === 0n)) return null;
    const ratio = r * inverse(s);
    v = mod(((branch & 1) === 0 ? ratio - u : -ratio - u) * HALF);
  }
  const w = squareRoot(s);
  if (w === null) return null;
  return mod(((branch & 4) === 0 ? w : -w) * (mod(u * (ROOT_OF_MINUS_3 - 1n) * HALF) - v));
}

/** Decodes 64 bytes. Returns the 32 bytes of the x coordinate of a point. */
export function decodeEllswift(encoding: Buffer): Buffer {
  return bytesOf(decode(elementOf(encoding, 0), elementOf(encoding, ELEMENT_BYTES)));
}

/**
 * Encodes the x coordinate of a point, 32 bytes, as 64 bytes that can't be told from random ones. Each call
 * returns others.
 */
export function encodeEllswift(x: Buffer): Buffer {
  const element = elementOf(x, 0);
  // A quarter of the attempts succeeds.
  for (;;) {
    const random = randomBytes(ELEMENT_BYTES + 1);
    const u = elementOf(random, 0);
    const t = u === 0n ? null : encodeWith(element, u, (random[ELEMENT_BYTES] ?? 0) % CASES);
    if (t !== null) return Buffer.concat([bytesOf(u), bytesOf(t)]);
  }
}

function elementOf(bytes: Buffer, start: number): bigint {
  return BigInt(`0x${bytes.toString('hex', start, start + ELEMENT_BYTES)}`) % P;
}

function bytesOf(element: bigint): Buffer {
  return Buffer.from(element.toString(16).padStart(2 * ELEMENT_BYTES, '0'), 'hex');
}
