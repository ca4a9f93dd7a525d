import { hash } from 'node:crypto';
import { formatOverlay } from '../join/overlay';

/**
 * The least length of a destination. Its certificate can make it longer; its last field is the length of the
 * certificate.
 */
const LEAST_DESTINATION_BYTES = 387;

/** The address of a destination, `.b32.i2p`: its hash. */
export function nameOf(destination: Buffer): string {
  return formatOverlay({ network: 'i2p', address: hash('sha256', destination, 'buffer') }) ?? '';
}

/** The length that the destination at the beginning of these bytes has; Infinity where they are too few. */
function destinationLength(bytes: Buffer): number {
  if (bytes.length < LEAST_DESTINATION_BYTES) return Infinity;
  return LEAST_DESTINATION_BYTES + bytes.readUInt16BE(LEAST_DESTINATION_BYTES - 2);
}

/** The destination at the beginning of a private key; null where the key is too short for one. */
export function destinationOf(privateKey: Buffer): Buffer | null {
  const length = destinationLength(privateKey);
  return privateKey.length > length ? privateKey.subarray(0, length) : null;
}

/** Reads a destination in the base64 of I2P; null if the text is no destination. */
export function readDestination(text: string): Buffer | null {
  const bytes = decodeI2pBase64(text);
  return bytes !== null && bytes.length === destinationLength(bytes) ? bytes : null;
}

/** Decodes the base64 of I2P, which has `-` and `~` in place of `+` and `/`; null for other text. */
export function decodeI2pBase64(text: string): Buffer | null {
  if (!/^[A-Za-z0-9~-]+={0,2}$/.test(text)) return null;
  return Buffer.from(text.replaceAll('-', '+').replaceAll('~', '/'), 'base64');
}

/** The same, back. */
export function encodeI2pBase64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '~');
}
