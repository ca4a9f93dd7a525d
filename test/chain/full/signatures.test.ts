import { createHash, randomBytes, sign } from 'node:crypto';
import { checkSignaturesWithOpenSsl } from '../../../src/chain/full/signatures';
import { loadChainParts } from '../../../src/bcoin/bcoin';
import { generateKey, sha256 } from '../../support/transaction';

const { secp256k1, hash256 } = loadChainParts();
const inJavaScript = secp256k1.verifyDER;
const counted = { ...secp256k1, calls: 0 };
counted.verifyDER = (...args) => {
  counted.calls++;
  return inJavaScript(...args);
};

/** Order of the curve. */
const N = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;
const FIELD = 2n ** 256n - 2n ** 32n - 977n;

const key = generateKey();
const jwk = key.privateKey.export({ format: 'jwk' });
const x = Buffer.from(jwk.x ?? '', 'base64url');
const y = Buffer.from(jwk.y ?? '', 'base64url');
const isOdd = ((y[31] ?? 0) & 1) === 1;
const keys = {
  compressed: key.publicKey,
  uncompressed: Buffer.concat([Buffer.of(4), x, y]),
  hybrid: Buffer.concat([Buffer.of(isOdd ? 7 : 6), x, y]),
  'hybrid of the wrong sign': Buffer.concat([Buffer.of(isOdd ? 6 : 7), x, y]),
  'of the other sign': Buffer.concat([Buffer.of(isOdd ? 2 : 3), x]),
  'of an unknown kind': Buffer.concat([Buffer.of(5), x]),
  'off the curve': Buffer.concat([Buffer.of(4), x, x]),
  'beyond the field': Buffer.concat([Buffer.of(2), bytesOf(FIELD + 5n)]),
  short: key.publicKey.subarray(0, 32),
  long: Buffer.concat([key.publicKey, Buffer.of(0)]),
  nobody: Buffer.alloc(33),
};

const preimage = randomBytes(150);
const raw = sign('sha256', sha256(preimage), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
const r = BigInt(`0x${raw.toString('hex', 0, 32)}`);
const s = BigInt(`0x${raw.toString('hex', 32)}`);
const [low, high] = s > N / 2n ? [N - s, s] : [s, N - s];
const signatures = {
  'low S': der(integer(r), integer(low)),
  'high S': der(integer(r), integer(high)),
  'other S': der(integer(r), integer(low - 1n)),
  'no R': der(integer(0n), integer(low)),
  'no S': der(integer(r), integer(0n)),
  'R beyond the order': der(integer(r + N), integer(low)),
  'S beyond the order': der(integer(r), integer(low + N)),
  'padded R': der(Buffer.concat([Buffer.alloc(3), integer(r)]), integer(low)),
  'a long form of a length': Buffer.concat([
    Buffer.of(0x30, 0x81),
    der(integer(r), integer(low)).subarray(1),
  ]),
  'bytes behind it': Buffer.concat([der(integer(r), integer(low)), Buffer.alloc(5)]),
  'cut off': der(integer(r), integer(low)).subarray(0, 40),
  nonsense: Buffer.from('nonsense'),
  nothing: Buffer.alloc(0),
};

beforeAll(() => {
  expect(checkSignaturesWithOpenSsl({ secp256k1: counted, hash256 })).toBe(true);
});

describe.each(Object.entries(keys))('a key %s', (_, publicKey) => {
  it.each(Object.entries(signatures))(
    'and a signature with %s: OpenSSL agrees with JavaScript',
    (_, signature) => {
      const message = hash256.digest(preimage);
      expect(message).toEqual(createHash('sha256').update(sha256(preimage)).digest());
      expect(counted.verifyDER(message, signature, publicKey)).toBe(
        inJavaScript(message, signature, publicKey),
      );
    },
  );
});

it('of another message is valid for neither', () => {
  const other = hash256.digest(randomBytes(150));
  for (const signature of [signatures['low S'], signatures['high S']]) {
    expect(counted.verifyDER(other, signature, key.publicKey)).toBe(false);
    expect(inJavaScript(other, signature, key.publicKey)).toBe(false);
  }
});

it('is used: a valid signature is not checked in JavaScript', () => {
  counted.calls = 0;
  expect(counted.verifyDER(hash256.digest(preimage), signatures['low S'], keys.compressed)).toBe(true);
  expect(counted.verifyDER(hash256.digest(preimage), signatures['high S'], keys.uncompressed)).toBe(true);
  expect(counted.calls).toBe(0);
});

it('is not used for a message that was not hashed last, such as the 1 of an early SIGHASH_SINGLE', () => {
  counted.calls = 0;
  const message = hash256.digest(preimage);
  hash256.digest(randomBytes(10));
  expect(counted.verifyDER(message, signatures['low S'], keys.compressed)).toBe(true);
  const one = Buffer.alloc(32);
  one[0] = 1;
  expect(counted.verifyDER(one, signatures['low S'], keys.compressed)).toBe(false);
  expect(counted.calls).toBe(2);
});

function bytesOf(n: bigint): Buffer {
  return Buffer.from(n.toString(16).padStart(64, '0').slice(-64), 'hex');
}

/** The contents of an integer of DER, in its shortest form. */
function integer(n: bigint): Buffer {
  const digits = n.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}

function der(...integers: readonly Buffer[]): Buffer {
  const body = Buffer.concat(integers.flatMap((each) => [Buffer.of(2, each.length), each]));
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}
