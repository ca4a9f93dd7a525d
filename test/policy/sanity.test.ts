import fc from 'fast-check';
import { checkSanity, MAX_MONEY, SANITY_REASONS, type SanityReason } from '../../src/policy/sanity';
import { parseTransaction } from '../../src/wire/transaction';
import { buildTransaction, hex, type TransactionSpec } from '../wire/build';

const coinbase = { prevHash: Buffer.alloc(32), prevIndex: 0xffff_ffff };
const script = (length: number): Buffer => Buffer.alloc(length, 0x51);

/** Each reason: a transaction with exactly that fault, and a similar one without it. */
const CASES: readonly (readonly [SanityReason, string, TransactionSpec, TransactionSpec])[] = [
  ['bad-txns-vin-empty', 'no inputs', { inputs: [], outputs: [] }, {}],
  ['bad-txns-vout-empty', 'no outputs', { outputs: [] }, {}],
  [
    'bad-txns-oversize',
    '1,000,001 bytes',
    { outputs: [{ script: script(1_000_001 - 64) }] },
    { outputs: [{ script: script(1_000_000 - 64) }] },
  ],
  ['bad-txns-vout-negative', '-1 satoshi', { outputs: [{ value: -1 }] }, { outputs: [{ value: 0 }] }],
  [
    'bad-txns-vout-toolarge',
    '21 million BTC and a satoshi',
    { outputs: [{ value: MAX_MONEY + 1 }] },
    { outputs: [{ value: MAX_MONEY }] },
  ],
  [
    'bad-txns-txouttotal-toolarge',
    'the same in two outputs',
    { outputs: [{ value: MAX_MONEY }, { value: 1 }] },
    { outputs: [{ value: MAX_MONEY - 1 }, { value: 1 }] },
  ],
  [
    'bad-txns-inputs-duplicate',
    'one outpoint twice',
    { inputs: [{ prevIndex: 1 }, {}, { prevIndex: 1, sequence: 0 }] },
    { inputs: [{ prevIndex: 1 }, {}, { prevIndex: 2 }] },
  ],
  [
    'bad-cb-length',
    'a coinbase script of 101 bytes',
    { inputs: [{ ...coinbase, sigScript: script(101) }] },
    { inputs: [{ ...coinbase, sigScript: script(100) }] },
  ],
  [
    'bad-cb-length',
    'a coinbase script of 1 byte',
    { inputs: [{ ...coinbase, sigScript: script(1) }] },
    { inputs: [{ ...coinbase, sigScript: script(2) }] },
  ],
  [
    'bad-txns-prevout-null',
    'an input of a coinbase beside another',
    { inputs: [{}, coinbase] },
    { inputs: [{}, { ...coinbase, prevIndex: 0xffff_fffe }] },
  ],
];

describe('checkSanity', () => {
  it.each(CASES)('gives %s for %s, and nothing for the similar transaction', (reason, _, faulty, sane) => {
    expect(checkSanity(parseTransaction(buildTransaction(faulty)))).toBe(reason);
    expect(checkSanity(parseTransaction(buildTransaction(sane)))).toBeUndefined();
  });

  it('has a case for each reason', () => {
    expect(new Set(CASES.map(([reason]) => reason))).toEqual(new Set(SANITY_REASONS));
  });

  it('is not deceived by a value beyond a number’s range', () => {
    const judge = (value: bigint) =>
      checkSanity(parseTransaction(buildTransaction({ outputs: [{ value }] })));
    expect(judge(2n ** 63n - 1n)).toBe('bad-txns-vout-toolarge');
    expect(judge(-(2n ** 63n))).toBe('bad-txns-vout-negative');
  });

  it('finds an outpoint that is spent twice, wherever it stands among few or many', () => {
    const outpoint = fc.record({
      prevHash: fc.constantFrom(...[1, 2, 3].map((n) => Buffer.concat([Buffer.alloc(31, 7), Buffer.of(n)]))),
      prevIndex: fc.constantFrom(0, 1, 0x100, 0xffff_ffff),
    });
    fc.assert(
      fc.property(fc.array(outpoint, { minLength: 1, maxLength: 9 }), (inputs) => {
        const different = new Set(inputs.map(({ prevHash, prevIndex }) => `${prevHash.at(31)} ${prevIndex}`));
        expect(checkSanity(parseTransaction(buildTransaction({ inputs })))).toBe(
          different.size === inputs.length ? undefined : 'bad-txns-inputs-duplicate',
        );
      }),
    );
  });

  it('accepts a large witness, because the limit excludes it', () => {
    const inputs = [{ witness: [Buffer.alloc(1_100_000)] }];
    expect(checkSanity(parseTransaction(buildTransaction({ inputs })))).toBeUndefined();
  });

  it('reports the first fault in Core’s order', () => {
    expect(checkSanity(parseTransaction(hex('02000000 00 00 00000000')))).toBe('bad-txns-vin-empty');
    const spec = { inputs: [{}, {}], outputs: [{ value: -1 }] };
    expect(checkSanity(parseTransaction(buildTransaction(spec)))).toBe('bad-txns-vout-negative');
  });
});
