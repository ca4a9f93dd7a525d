/**
 * Writes a number of up to 64 bits as a CompactSize in its shortest form (Bitcoin Core `src/serialize.h`
 * WriteCompactSize).
 */
export function compactSize(value: number | bigint): Buffer {
  if (value < 0xfd) return Buffer.of(Number(value));
  if (value <= 0xffff) {
    const bytes = Buffer.alloc(3, 0xfd);
    bytes.writeUInt16LE(Number(value), 1);
    return bytes;
  }
  if (value <= 0xffff_ffff) {
    const bytes = Buffer.alloc(5, 0xfe);
    bytes.writeUInt32LE(Number(value), 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9, 0xff);
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}
