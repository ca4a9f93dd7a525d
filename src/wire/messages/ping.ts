import { ByteReader } from '../byte-reader';

/**
 * Decodes `ping` (BIP31; btcd v0.26 `wire/msgping.go`): its nonce, or null for an empty payload, which peers
 * up to version 60000 send.
 */
export function decodePing(payload: Buffer): bigint | null {
  return payload.length === 0 ? null : decodePong(payload);
}

/** Decodes `pong` (BIP31; btcd v0.26 `wire/msgpong.go`): the nonce of the `ping` that it answers. */
export function decodePong(payload: Buffer): bigint {
  return new ByteReader(payload).u64();
}
