import { checksum } from './hash';

/** The checksum of a short text, as 8 hexadecimal digits. */
export function textChecksum(text: string): string {
  return checksum(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0');
}
