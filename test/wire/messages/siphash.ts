const MASK = 0xffff_ffff_ffff_ffffn;

const rotate = (value: bigint, bits: bigint): bigint => ((value << bits) | (value >> (64n - bits))) & MASK;

/**
 * SipHash-2-4 of whole 8-byte words, with which BIP152 makes short ids. It is slow and plain, so that a test
 * can compare with it.
 */
export function sipHash(key: Buffer, message: Buffer): bigint {
  const k0 = key.readBigUInt64LE(0);
  const k1 = key.readBigUInt64LE(8);
  let [a, b, c, d] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const round = (): void => {
    a = (a + b) & MASK;
    c = (c + d) & MASK;
    b = rotate(b, 13n) ^ a;
    d = rotate(d, 16n) ^ c;
    a = rotate(a, 32n);
    c = (c + b) & MASK;
    a = (a + d) & MASK;
    b = rotate(b, 17n) ^ c;
    d = rotate(d, 21n) ^ a;
    c = rotate(c, 32n);
  };
  const absorb = (word: bigint): void => {
    d ^= word;
    round();
    round();
    a ^= word;
  };
  for (let i = 0; i < message.length; i += 8) absorb(message.readBigUInt64LE(i));
  absorb(BigInt(message.length % 256) << 56n);
  c ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return a ^ b ^ c ^ d;
}
