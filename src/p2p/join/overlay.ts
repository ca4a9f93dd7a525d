import { createHash } from 'node:crypto';
import { fromBase32, toBase32 } from '../../lib/base32';
import type { RawAddress } from './ip';

/** The end of each name that Tor and I2P give out, which DNS never has (RFC 7686). */
const ONION = '.onion';
const I2P = '.b32.i2p';

/** An onion address is the key of the service, two bytes of checksum and the version (`rend-spec-v3`). */
const KEY_BYTES = 32;
const ONION_BYTES = 35;
const ONION_VERSION = 3;

/** Whether a text looks like a name of Tor or I2P, correct or not. */
export function isOverlayName(text: string): boolean {
  return /\.(onion|i2p)\.?$/i.test(text);
}

/** The address of an onion or I2P name in small letters; null if it is not one. */
export function parseOverlay(text: string): RawAddress | null {
  if (text.endsWith(ONION)) {
    const bytes = fromBase32(text.slice(0, -ONION.length));
    if (bytes?.length !== ONION_BYTES) return null;
    const address = bytes.subarray(0, KEY_BYTES);
    return bytes.equals(onionBytes(address)) ? { network: 'torv3', address } : null;
  }
  if (!text.endsWith(I2P)) return null;
  const address = fromBase32(text.slice(0, -I2P.length));
  return address?.length === KEY_BYTES ? { network: 'i2p', address } : null;
}

/** What is wrong with a name of Tor or I2P in small letters, and what would be right; null where nothing. */
export function overlayMistake(text: string): string | null {
  if (parseOverlay(text) !== null) return null;
  if (!text.endsWith(ONION))
    return 'is not an I2P address that can be dialled, which has 52 letters or digits (a-z, 2-7) before .b32.i2p';
  const name = text.slice(0, -ONION.length);
  if (!/^[a-z2-7]{56}$/.test(name))
    return 'is not an onion address (version 3), which has 56 letters or digits (a-z, 2-7) before .onion';
  return 'is an onion address with a wrong checksum; copy it once more';
}

/** An address of Tor or I2P as people write it; null for one of another network. */
export function formatOverlay({ network, address }: RawAddress): string | null {
  if (network === 'torv3') return `${toBase32(onionBytes(address))}${ONION}`;
  return network === 'i2p' ? `${toBase32(address)}${I2P}` : null;
}

/** The bytes whose Base32 is the name of an onion service. */
function onionBytes(key: Buffer): Buffer {
  const version = Buffer.of(ONION_VERSION);
  const hashed = createHash('sha3-256').update('.onion checksum').update(key).update(version).digest();
  return Buffer.concat([key, hashed.subarray(0, 2), version]);
}
