/** The prime of secp256k1's field (SEC 2, section 2.4.1). Elements are bigints from 0 to P - 1. */
export const P = 2n ** 256n - 2n ** 32n - 977n;

/** The element that is equal to any integer. */
export function mod(a: bigint): bigint {
  const rest = a % P;
  return rest < 0n ? rest + P : rest;
}

/** The inverse of an element (Euclid's algorithm, extended); 0 for 0. */
export function inverse(a: bigint): bigint {
  let [last, rest] = [P, a];
  let [lastFactor, factor] = [0n, 1n];
  while (rest !== 0n) {
    const quotient = last / rest;
    [last, rest] = [rest, last - quotient * rest];
    [lastFactor, factor] = [factor, lastFactor - quotient * factor];
  }
  return mod(lastFactor);
}

/**
 * Whether an element has a square root, by its Jacobi symbol: in a quarter of the time that computing a root
 * takes.
 */
export function isSquare(a: bigint): boolean {
  let [upper, lower] = [a, P];
  let isNegative = false;
  while (upper !== 0n) {
    while ((upper & 1n) === 0n) {
      upper >>= 1n;
      const rest = Number(lower & 7n);
      if (rest === 3 || rest === 5) isNegative = !isNegative;
    }
    if (Number(upper & 3n) === 3 && Number(lower & 3n) === 3) isNegative = !isNegative;
    [upper, lower] = [lower % upper, upper];
  }
  return !isNegative;
}

/** A square root of an element; null where it has none. */
export function squareRoot(a: bigint): bigint | null {
  // The exponent is (P + 1) / 4, since P % 4 is 3. It begins with 223 set bits; this chain takes half of the
  // time of a product for each of them.
  const x2 = (squared(a, 1) * a) % P;
  const x3 = (squared(x2, 1) * a) % P;
  const x6 = (squared(x3, 3) * x3) % P;
  const x9 = (squared(x6, 3) * x3) % P;
  const x11 = (squared(x9, 2) * x2) % P;
  const x22 = (squared(x11, 11) * x11) % P;
  const x44 = (squared(x22, 22) * x22) % P;
  const x88 = (squared(x44, 44) * x44) % P;
  const x176 = (squared(x88, 88) * x88) % P;
  const x220 = (squared(x176, 44) * x44) % P;
  const x223 = (squared(x220, 3) * x3) % P;
  const root = squared((squared((squared(x223, 23) * x22) % P, 6) * x2) % P, 2);
  return (root * root) % P === a ? root : null;
}

/** The element squared this many times. */
function squared(a: bigint, times: number): bigint {
  let result = a;
  for (let i = 0; i < times; i++) result = (result * result) % P;
  return result;
}
