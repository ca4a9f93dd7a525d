import { createECDH, ECDH } from 'node:crypto';
import { decodeEllswift, encodeEllswift, encodeWith } from '../../../src/p2p/transport/ellswift';
import { inverse, isSquare, mod, P, squareRoot } from '../../../src/p2p/transport/field';
import { readVectors } from '../../support/bip324';
import { sharedBip324 } from '../../support/data';

sharedBip324.describe('the vectors of BIP324', (folder) => {
  const decoding = readVectors(folder, 'ellswift_decode');
  const inverting = readVectors(folder, 'xswiftec_inv');

  it('are all there', () => {
    expect([decoding.length, inverting.length]).toEqual([76, 32]);
  });

  it.each(decoding)('$ellswift is decoded: $comment', ({ ellswift = '', x }) => {
    expect(decodeEllswift(Buffer.from(ellswift, 'hex')).toString('hex')).toBe(x);
  });

  it.each(inverting)('$x is encoded with $u in each branch: $comment', (row) => {
    const found = Array.from({ length: 8 }, (_, branch) => {
      const t = encodeWith(BigInt(`0x${row['x'] ?? ''}`), BigInt(`0x${row['u'] ?? ''}`), branch);
      return t === null ? '' : t.toString(16).padStart(64, '0');
    });
    expect(found).toEqual(found.map((_, branch) => row[`case${branch}_t`]));
  });
});

describe('an x coordinate', () => {
  it('is found again in each of its encodings, which all differ', () => {
    const ecdh = createECDH('secp256k1');
    for (let key = 0; key < 10; key++) {
      ecdh.generateKeys();
      const x = ecdh.getPublicKey(null, 'compressed').subarray(1);
      const encodings = Array.from({ length: 10 }, () => encodeEllswift(x));
      for (const encoding of encodings) expect(decodeEllswift(encoding)).toEqual(x);
      expect(new Set(encodings.map((encoding) => encoding.toString('hex'))).size).toBe(10);
    }
  });

  it('comes out of any 64 bytes, and has a point', () => {
    for (const byte of [0x00, 0x01, 0x7f, 0xfe, 0xff]) {
      const x = decodeEllswift(Buffer.alloc(64, byte));
      const point = ECDH.convertKey(Buffer.concat([Buffer.of(2), x]), 'secp256k1') as Buffer;
      expect(point.subarray(1, 33)).toEqual(x);
    }
  });
});

describe('the field', () => {
  it.each([1n, 2n, 7n, P - 1n, 2n ** 255n, 0x1234_5678_9abc_def0n])('%d has an inverse', (a) => {
    expect(mod(a * inverse(a))).toBe(1n);
  });

  it.each([0n, 1n, 2n, 3n, P - 2n])('the square of %d has a root, and the negated square none', (a) => {
    const square = mod(a * a);
    expect([a, mod(-a)]).toContain(squareRoot(square));
    expect(isSquare(square)).toBe(true);
    if (a === 0n) return;
    expect(squareRoot(mod(-square))).toBeNull();
    expect(isSquare(mod(-square))).toBe(false);
  });
});
