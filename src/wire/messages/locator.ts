import { ByteReader } from '../byte-reader';

/** Where in the chain a peer asks from. Hashes are as they are on the wire, one character a byte. */
export interface LocatorMessage {
  /** The protocol version of the asker, which nodes ignore. */
  readonly version: number;
  /** Blocks that the asker has, its newest first. */
  readonly locator: readonly string[];
  /** The block to stop at; 32 NULs for as many as fit. */
  readonly stop: string;
}

/** Core 31 `src/net_processing.cpp` MAX_LOCATOR_SZ, above which it disconnects; btcd reads up to 500. */
const MAX_LOCATOR = 101;

/**
 * Decodes `getheaders` and `getblocks`, which have one form (btcd v0.26 `wire/msggetheaders.go`,
 * `wire/msggetblocks.go`).
 */
export function decodeLocator(payload: Buffer): LocatorMessage {
  const reader = new ByteReader(payload);
  return { version: reader.i32(), locator: reader.hashes(MAX_LOCATOR), stop: reader.hash() };
}

/**
 * The payload of `getheaders` that asks for the headers behind the newest of `hashes` (as on the wire) that a
 * peer has.
 */
export function encodeLocator(version: number, hashes: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5);
  head.writeInt32LE(version, 0);
  // A locator has at most 101 hashes: its count fits in one byte.
  head.writeUInt8(hashes.length, 4);
  return Buffer.concat([head, ...hashes, Buffer.alloc(32)]);
}
