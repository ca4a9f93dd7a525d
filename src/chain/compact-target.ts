/** Number of possible hashes. */
const HASHES = 1n << 256n;

const SIGN = 0x0080_0000;
const MANTISSA = 0x007f_ffff;

/** The easiest target of mainnet. */
const EASIEST_EXPONENT = 29;
const EASIEST_MANTISSA = 0xffff;

/**
 * The target that `bits` (nBits, the compact form in a header) stands for. Undefined if that is no target:
 * zero, negative or above 256 bits (Bitcoin Core `src/arith_uint256.cpp` SetCompact).
 */
export function decodeCompactTarget(bits: number): bigint | undefined {
  const exponent = bits >>> 24;
  const mantissa = bits & MANTISSA;
  const target =
    exponent <= 3 ? BigInt(mantissa >> (8 * (3 - exponent))) : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  if (target === 0n || (bits & SIGN) !== 0 || target >= HASHES) return undefined;
  return target;
}

/**
 * The compact form of a target: its number of bytes and its three highest bytes. The lower bytes are lost.
 */
export function encodeCompactTarget(target: bigint): number {
  let exponent = Math.ceil(target.toString(16).length / 2);
  let mantissa =
    exponent <= 3 ? Number(target) << (8 * (3 - exponent)) : Number(target >> BigInt(8 * (exponent - 3)));
  // The highest bit of the mantissa is its sign.
  if ((mantissa & SIGN) !== 0) {
    mantissa >>= 8;
    exponent++;
  }
  return exponent * 0x0100_0000 + mantissa;
}

/**
 * How many times as hard as mainnet's easiest target it is to meet the target of `bits` (Bitcoin Core
 * `src/rpc/blockchain.cpp` GetDifficulty). Undefined for a target of 0.
 */
export function difficultyOf(bits: number): number | undefined {
  const mantissa = bits & (SIGN | MANTISSA);
  if (mantissa === 0) return undefined;
  let difficulty = EASIEST_MANTISSA / mantissa;
  // Powers are not exact in V8, and factors of 256 are.
  for (let exponent = bits >>> 24; exponent < EASIEST_EXPONENT; exponent++) difficulty *= 256;
  for (let exponent = bits >>> 24; exponent > EASIEST_EXPONENT; exponent--) difficulty /= 256;
  return difficulty;
}

/** Average number of hashes that it takes to meet a target (Bitcoin Core `src/chain.cpp` GetBlockProof). */
export function workOf(target: bigint): bigint {
  return HASHES / (target + 1n);
}
