import { PayloadReader } from '../reader';

/** What a peer says of itself. All of it is a claim. */
export interface VersionMessage {
  readonly version: number;
  /** The 64 service bits. */
  readonly services: bigint;
  /** A stranger's bytes, one character each; at most {@link MAX_USER_AGENT_BYTES}. */
  readonly userAgent: string;
  readonly startHeight: number;
  /** Whether the peer wants transactions announced (BIP37); true where it does not say. */
  readonly relay: boolean;
  /** Random, to recognize connections to oneself. */
  readonly nonce: bigint;
}

/** Core 31 `src/net_processing.cpp` MAX_SUBVERSION_LENGTH. */
const MAX_USER_AGENT_BYTES = 256;

const ADDRESS_BYTES = 26;

/** Decodes `version` (Core 31 `src/net_processing.cpp`, btcd v0.26 `wire/msgversion.go`). */
export function decodeVersion(payload: Buffer): VersionMessage {
  const reader = new PayloadReader(payload);
  const version = reader.i32();
  const services = reader.u64();
  reader.u64(); // the peer's clock
  reader.bytes(ADDRESS_BYTES); // our address as the peer sees it
  reader.bytes(ADDRESS_BYTES); // the peer's own, unused by today's nodes
  const nonce = reader.u64();
  const userAgent = reader.bytes(reader.compactSize(MAX_USER_AGENT_BYTES)).toString('latin1');
  const startHeight = reader.i32();
  const relay = reader.left === 0 || reader.u8() !== 0;
  return { version, services, userAgent, startHeight, relay, nonce };
}
