// Signatures of secp256k1 as full validation checks them: by the OpenSSL in Node, and beside it by bcoin's
// JavaScript, in the same run and from the same bytes.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createRequire } from 'node:module';

process.env.NODE_BACKEND = 'js';
const require = createRequire(import.meta.url);
const { loadChainParts } = require('../dist/bcoin/bcoin.js');
const { checkSignaturesWithOpenSsl } = require('../dist/chain/full/signatures.js');

const COUNT = 400;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

const signed = Array.from({ length: COUNT }, () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const sign = 2 + (Buffer.from(y, 'base64url')[31] & 1);
  const preimage = randomBytes(200);
  return {
    preimage,
    key: Buffer.concat([Buffer.of(sign), Buffer.from(x, 'base64url')]),
    signature: signatureOf(privateKey, preimage),
  };
});

function signatureOf(privateKey, preimage) {
  return sign('sha256', sha256(preimage), privateKey);
}

function msEach({ secp256k1, hash256 }) {
  const start = performance.now();
  for (const { preimage, signature, key } of signed)
    if (!secp256k1.verifyDER(hash256.digest(preimage), signature, key)) throw new Error('a signature fails');
  return (performance.now() - start) / COUNT;
}

const { secp256k1, hash256 } = loadChainParts();
const openSsl = { secp256k1: { ...secp256k1 }, hash256: { ...hash256, digest: hash256.digest } };
checkSignaturesWithOpenSsl(openSsl);
for (const parts of [{ secp256k1, hash256 }, openSsl]) msEach(parts);
const js = msEach({ secp256k1, hash256 });
const fast = msEach(openSsl);
console.log(
  `a signature: ${fast.toFixed(2)} ms by OpenSSL, ${js.toFixed(2)} ms in JavaScript: ${(js / fast).toFixed(1)} times as long`,
);
