import { ByteReader } from '../byte-reader';

/** What a peer says of itself. All of it is a claim. */
export interface VersionMessage {
  readonly version: number;
  /** The 64 service bits. */
  readonly services: bigint;
  /** The peer's clock: Unix time in seconds, any number of 64 bits, but 0 for one below 0. */
  readonly time: bigint;
  /** A stranger's bytes, one character each; at most {@link MAX_USER_AGENT_BYTES}. */
  readonly userAgent: string;
  /** -1 where it does not say. */
  readonly startHeight: number;
  /** Whether the peer wants transactions announced (BIP37); true where it does not say. */
  readonly relay: boolean;
  /** Random, to recognize connections to oneself; 1 where it does not say. */
  readonly nonce: bigint;
}

/** Core 31 `src/net_processing.cpp` MAX_SUBVERSION_LENGTH. */
const MAX_USER_AGENT_BYTES = 256;

const ADDRESS_BYTES = 26;

/** What Core takes for a nonce or a height that is not there. */
const NO_NONCE = 1n;
const NO_HEIGHT = -1;

/**
 * Decodes `version` (Core 31 `src/net_processing.cpp` ProcessMessage, btcd v0.26 `wire/msgversion.go`). It
 * may end after our address, after 46 bytes, or after any field behind it, as versions of old did and as Core
 * and btcd read it: what is missing has Core's defaults. btcd alone reads one that ends before the nonce.
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
