import { createHash, createPublicKey, getCurves, verify } from 'node:crypto';
import type { ChainParts } from '../../bcoin/chain-parts';

/** What comes before a key of secp256k1 where it is told as OpenSSL reads it (RFC 5480), for keys of 33 and of 65 bytes. */
const COMPRESSED = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex');
const UNCOMPRESSED = Buffer.from('3056301006072a8648ce3d020106052b8104000a034200', 'hex');

/**
 * Has bcoin check signatures with the OpenSSL that is in Node, which takes a fifth of the time of bcoin's JavaScript
 * (bench/signatures.mjs). What OpenSSL cannot be asked goes to the JavaScript as before.
 *
 * OpenSSL hashes what it is given once itself, and the hash that a signature is of is a double one: so the inner hash is
 * remembered until the signature comes, which is at once. Signatures are read, and their encoding is judged, by bcoin;
 * OpenSSL is given R and S as numbers, and takes a high S as Bitcoin's rules do.
 * @returns whether OpenSSL can do it: there are builds without the curve
 */
export function checkSignaturesWithOpenSsl({
  secp256k1,
  hash256,
}: Pick<ChainParts, 'secp256k1' | 'hash256'>): boolean {
  if (!getCurves().includes('secp256k1')) return false;
  const inJavaScript = secp256k1.verifyDER;
  let inner = Buffer.alloc(0);
  let outer = Buffer.alloc(0);
  hash256.digest = (data) => {
    inner = createHash('sha256').update(data).digest();
    outer = createHash('sha256').update(inner).digest();
    return outer;
  };
  secp256k1.verifyDER = (message, signature, key) => {
    const prefix = key.length === 33 ? COMPRESSED : key.length === 65 ? UNCOMPRESSED : undefined;
    if (message !== outer || prefix === undefined) return inJavaScript(message, signature, key);
    let numbers: Buffer;
    try {
      numbers = secp256k1.fromLax(signature);
    } catch {
      return false;
    }
    try {
      const publicKey = createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
      return verify('sha256', inner, { key: publicKey, dsaEncoding: 'ieee-p1363' }, numbers);
    } catch {
      return inJavaScript(message, signature, key);
    }
  };
  return true;
}
