import { ByteReader } from '../byte-reader';
import type { Hash } from '../hash';

/** The blocks from which on a peer asks for headers or blocks. */
export interface LocatorMessage {
  /** Protocol version of the peer that asks. Nodes ignore it. */
  readonly version: number;
  /** Blocks that the asking peer has, the newest first. */
  readonly locator: readonly Hash[];
  /** The hash of the last wanted block; 32 NULs for as many as fit. */
  readonly stop: Hash;
}

/**
 * The limit of Core 31 (`src/net_processing.cpp` MAX_LOCATOR_SZ), which disconnects a peer above it; btcd
 * reads up to 500.
 */
const MAX_LOCATOR = 101;

/**
 * Decodes `getheaders` and `getblocks`, which have the same form (btcd v0.26 `wire/msggetheaders.go`,
 * `wire/msggetblocks.go`).
 */
export function decodeLocator(payload: Buffer): LocatorMessage {
  const reader = new ByteReader(payload);
  return { version: reader.i32(), locator: reader.hashes(MAX_LOCATOR), stop: reader.hash() };
}

/**
 * The payload of a `getheaders` that asks for the headers after the newest of `hashes` (wire order) that the
 * peer has.
 */
export function encodeLocator(version: number, hashes: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32LE(version, 0);
  // A locator has at most 101 hashes, so its count takes one byte.
  head.writeUInt8(hashes.length, 4);
  return Buffer.concat([head, ...hashes, Buffer.alloc(32)]);
}
