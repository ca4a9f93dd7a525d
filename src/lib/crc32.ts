import * as zlib from 'node:zlib';

const TABLE = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Node.js has its own from 20.15 and 22.2 on. */
const { crc32: native } = zlib as { readonly crc32?: (bytes: Uint8Array) => number };

/** CRC-32, as in gzip (RFC 1952). */
export function crc32(bytes: Uint8Array): number {
  return native === undefined ? ownCrc32(bytes) : native(bytes);
}

/** The same where Node.js has none. */
export function ownCrc32(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (TABLE[(value ^ byte) & 0xff] ?? 0);
  return ~value >>> 0;
}
