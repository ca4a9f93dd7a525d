import * as consensus from 'bcoin/lib/protocol/consensus';
import fc from 'fast-check';
import {
  difficultyOf,
  encodeCompactTarget,
  decodeCompactTarget,
  workOf,
} from '../../src/chain/compact-target';

/** bcoin's reading of a target; undefined if its verifyPOW does not accept it. */
function bcoinTarget(bits: number): bigint | undefined {
  const target = consensus.fromCompact(bits);
  const value = BigInt(`0x${target.toString(16).replace('-', '')}`);
  return target.isNeg() || value === 0n || value >= 1n << 256n ? undefined : value;
}

describe('difficultyOf', () => {
  it.each([
    ['mainnet’s easiest target', 0x1d00ffff, 1],
    ['regtest’s, as Core 31 tells it', 0x207fffff, 4.656542373906925e-10],
    ['the example of the Bitcoin wiki', 0x1b0404cb, 16307.420938523983],
  ])('of %s', (_, bits, difficulty) => {
    // Core writes 16 digits.
    expect(Number(difficultyOf(bits)?.toPrecision(16))).toBe(Number(difficulty.toPrecision(16)));
  });

  it('is unknown for a target of 0, and finite for all others', () => {
    expect(difficultyOf(0x20000000)).toBeUndefined();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xff }),
        fc.integer({ min: 1, max: 0xff_ffff }),
        (size, mantissa) => Number.isFinite(difficultyOf(size * 0x1000000 + mantissa)),
      ),
    );
  });
});

describe('targets', () => {
  it.each([
    [0x1d00ffff, 0xffffn << 208n],
    [0x207fffff, 0x7fffffn << 232n],
    [0x1e0377ae, 0x0377aen << 216n],
    [0x03123456, 0x123456n],
    [0x02123456, 0x1234n],
    [0x01123456, 0x12n],
    [0x2100ffff, 0xffffn << 240n],
  ])('reads %i', (bits, target) => expect(decodeCompactTarget(bits)).toBe(target));

  it.each([
    ['zero', 0],
    ['a mantissa of zero', 0x20000000],
    ['a mantissa that is shifted out', 0x01003456],
    ['negative', 0x04923456],
    ['257 bits', 0x21010000],
    ['far too large', 0xff123456],
  ])('refuses %s', (_, bits) => expect(decodeCompactTarget(bits)).toBeUndefined());

  it('reads what bcoin reads', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xff }),
        fc.integer({ min: 0, max: 0xff_ffff }),
        (size, mantissa) => {
          const bits = size * 0x1000000 + mantissa;
          expect(decodeCompactTarget(bits)).toBe(bcoinTarget(bits));
        },
      ),
    );
  });

  it('writes what bcoin writes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 256n) - 1n }), fc.nat(255), (wide, shift) => {
        const target = (wide >> BigInt(shift)) | 1n;
        // bcoin gets at a number only through a compact form, which loses digits, so both read it again.
        const bits = encodeCompactTarget(target);
        const rounded = decodeCompactTarget(bits) ?? 0n;
        expect(rounded).toBeLessThanOrEqual(target);
        expect(rounded).toBeGreaterThan(target - (target >> 15n) - 1n);
        expect(consensus.toCompact(consensus.fromCompact(bits))).toBe(bits);
      }),
    );
  });

  it('counts the work of mainnet’s first block', () => {
    expect(workOf(0xffffn << 208n)).toBe(0x1_0001_0001n);
    expect(workOf((1n << 255n) - 1n)).toBe(2n);
  });
});
