import { createHash, createPublicKey, getCurves, verify } from 'node:crypto';
import type { ChainParts } from '../../bcoin/chain-parts';

/** DER prefixes that turn a secp256k1 key of 33 or 65 bytes into a key that OpenSSL reads (RFC 5480). */
const COMPRESSED = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex');
const UNCOMPRESSED = Buffer.from('3056301006072a8648ce3d020106052b8104000a034200', 'hex');

/**
 * Makes bcoin check signatures with Node's OpenSSL, which takes a fifth of the time of bcoin's JavaScript
 * (bench/signatures.ts). What OpenSSL can't check still goes to the JavaScript.
 *
 * OpenSSL hashes its input once itself, but Bitcoin signs a double hash. So the inner hash is remembered
 * until the signature is checked, right after it. bcoin parses the signature and judges its encoding. OpenSSL
 * gets R and S as numbers, and accepts a high S, as Bitcoin's consensus rules do.
 * @returns whether OpenSSL can do it; some builds lack the curve
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
