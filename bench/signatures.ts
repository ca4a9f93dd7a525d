// Measures how fast full validation checks secp256k1 signatures with Node's OpenSSL, compared with bcoin's
// JavaScript in the same run and on the same bytes.
import { randomBytes, sign } from 'node:crypto';
import { loadChainParts } from '#dist/bcoin/bcoin';
import type { ChainParts } from '#dist/bcoin/chain-parts';
import { checkSignaturesWithOpenSsl } from '#dist/chain/full/signatures';
import { generateKey, sha256 } from '../test/support/transaction';

const COUNT = 400;

const signed = Array.from({ length: COUNT }, () => {
  const { privateKey, publicKey } = generateKey();
  const preimage = randomBytes(200);
  // `sign` hashes once more, so the signature is of the double hash.
  return { preimage, key: publicKey, signature: sign('sha256', sha256(preimage), privateKey) };
});

type Verifier = Pick<ChainParts, 'secp256k1' | 'hash256'>;

function msEach({ secp256k1, hash256 }: Verifier): number {
  const start = performance.now();
  for (const { preimage, signature, key } of signed)
    if (!secp256k1.verifyDER(hash256.digest(preimage), signature, key))
      throw new Error('a signature is refused');
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
