/**
 * Decodes messages that have no payload. Bytes in the payload are ignored, as Core ignores what is left of
 * any message; btcd refuses a long payload.
 */
export function decodeEmpty(): null {
  return null;
}
