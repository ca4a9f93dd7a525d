/**
 * Keys that differ only in the two highest bits of each of their first eight words of 32 bits. A sum of the
 * words with odd factors modulo 2^32 has only four values for all of them.
 */
export function collidingKeys(count: number, length: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const key = Buffer.alloc(length, 0x11);
    for (let word = 0; word < 8; word++) key[4 * word + 3] = 0x11 | (((i >>> (2 * word)) & 3) << 6);
    return key;
  });
}
