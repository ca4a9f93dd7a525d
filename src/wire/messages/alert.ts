import { ByteReader } from '../byte-reader';

/** A warning, signed with the former alert key. Both fields are views of the payload. */
export interface AlertMessage {
  readonly alert: Buffer;
  readonly signature: Buffer;
}

/** Decodes `alert`, which Core 0.13 retired and btcd v0.26 does not know. The alert itself is not decoded. */
export function decodeAlert(payload: Buffer): AlertMessage {
  const reader = new ByteReader(payload);
  return { alert: reader.sizedBytes(), signature: reader.sizedBytes() };
}
