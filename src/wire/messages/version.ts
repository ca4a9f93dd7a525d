import { ByteReader } from '../byte-reader';

/** A peer's own description. All of it is a claim. */
export interface VersionMessage {
  readonly version: number;
  /** The 64 service bits. */
  readonly services: bigint;
  /** The peer's clock: Unix time in seconds, any number of 64 bits. A time below 0 is read as 0. */
  readonly time: bigint;
  /** A stranger's bytes, one character each; at most {@link MAX_USER_AGENT_BYTES}. */
  readonly userAgent: string;
  /** Height of the peer's best chain; -1 where it is missing. */
  readonly startHeight: number;
  /** Whether the peer wants transactions announced (BIP37); true where it is missing. */
  readonly relay: boolean;
  /** A random number that lets a node recognize a connection to itself; 1 if it is missing. */
  readonly nonce: bigint;
}

/** The limit of Core 31 (`src/net_processing.cpp` MAX_SUBVERSION_LENGTH). */
const MAX_USER_AGENT_BYTES = 256;

const ADDRESS_BYTES = 26;

/** Core's values for a missing nonce and a missing height. */
const NO_NONCE = 1n;
const NO_HEIGHT = -1;

/**
 * Decodes `version` (Core 31 `src/net_processing.cpp` ProcessMessage, btcd v0.26 `wire/msgversion.go`). It
 * may end after our address (46 bytes), or after any later field, as old versions of the message did and as
 * Core and btcd read it. Missing fields get Core's defaults. One that ends directly before the nonce is read
 * as well, as in btcd; Core refuses it.
 */
export function decodeVersion(payload: Buffer): VersionMessage {
  const reader = new ByteReader(payload);
  const version = reader.i32();
  const services = reader.u64();
  const clock = reader.i64();
  reader.bytes(ADDRESS_BYTES); // our address as the peer sees it
  if (reader.left > 0) reader.bytes(ADDRESS_BYTES); // the peer's own, unused by today's nodes
  const nonce = reader.left > 0 ? reader.u64() : NO_NONCE;
  const userAgent = reader.left > 0 ? reader.sizedBytes(MAX_USER_AGENT_BYTES).toString('latin1') : '';
  const startHeight = reader.left > 0 ? reader.i32() : NO_HEIGHT;
  const relay = reader.left === 0 || reader.u8() !== 0;
  return { version, services, time: clock < 0n ? 0n : clock, userAgent, startHeight, relay, nonce };
}
