import { PayloadReader } from '../reader';

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

/** Decodes `getheaders` and `getblocks`, which have one form (btcd v0.26 `wire/msggetheaders.go`, `wire/msggetblocks.go`). */
export function decodeLocator(payload: Buffer): LocatorMessage {
  const reader = new PayloadReader(payload);
  return { version: reader.i32(), locator: reader.hashes(MAX_LOCATOR), stop: reader.hash() };
}
