/**
 * Decodes the messages that consist of their command alone. Bytes that come with one are passed over, as Core
 * passes over what is left of any message that it has read; btcd refuses the longer ones among them.
 */
export function decodeEmpty(): null {
  return null;
}
