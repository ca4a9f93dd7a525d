import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/**
 * zlib's fastest level. Announcements that several peers repeat shrink to a fifth by it, and higher levels
 * save no more. Signatures and hashes of blocks keep three quarters, for six times the work of keeping them
 * as they are (bench/record.ts): so the beginning of the records is tried.
 */
const FASTEST = 1;
const TRIED_BYTES = 16_384;

/** If a trial leaves more than this share of the bytes, they are not compressed. */
const MOST_LEFT = 0.6;

/** zlib's largest memory, 256 kB more than its usual: compressing takes a fifth less time. */
const MEMORY_LEVEL = 9;

/** What gzip adds to bytes that do not shrink, at most. */
const ROOM_BYTES = 4_096;

const compress = promisify(gzip);

/**
 * Compresses records to a member of a gzip file (RFC 1952), in the threads of zlib.
 * @returns null if they would not shrink enough
 */
export async function compressed(raw: Buffer): Promise<Buffer | null> {
  const tried = raw.subarray(0, TRIED_BYTES);
  const { length } = await compress(tried, { level: FASTEST, memLevel: MEMORY_LEVEL });
  if (length > tried.length * MOST_LEFT) return null;
  // In one piece: zlib's own pieces of 16 kB cost as much as the compression.
  return compress(raw, { level: FASTEST, memLevel: MEMORY_LEVEL, chunkSize: raw.length + ROOM_BYTES });
}
