import fc from 'fast-check';
import { parseBlock } from '../../src/wire/block';
import { parseHeader } from '../../src/wire/header';
import { DECODE_REASONS, DecodeError, type DecodeReason } from '../../src/wire/decode-error';
import { DECODERS } from '../../src/wire/messages/table';
import { POLICY_NAMES, standardness } from '../../src/policy/standardness';
import { checkSanity } from '../../src/policy/sanity';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { buildHeader, buildTransaction, hex, multisigScript, SCRIPTS } from './build';

const plain = buildTransaction({ inputs: [{ sigScript: hex('02abcd') }, {}], outputs: [{}, {}] });
const segwit = buildTransaction({
  inputs: [{ witness: [hex('aabb'), hex('')] }, { witness: [] }],
  outputs: Object.values(SCRIPTS).map((script) => ({ script })),
});
const block = Buffer.concat([buildHeader(), hex('02'), plain, segwit]);

const outpoint = `${'aa'.repeat(32)}00000000`;
const input = `${outpoint}00ffffffff`;
const output = `a086010000000000 00`;

function refusal(parse: () => unknown): DecodeError {
  try {
    parse();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error('the bytes were read');
}

describe('parseTransaction refuses', () => {
  const cases: readonly (readonly [string, DecodeReason, number, string])[] = [
    ['no bytes', 'truncated', 0, ''],
    ['bytes left over', 'trailing-bytes', 60, `02000000 01 ${input} 01 ${output} 00000000 00`],
    ['2^32 outputs in 60 bytes', 'count-too-large', 46, `02000000 01 ${input} ff0000000001000000 00000000`],
    ['2^64 - 1 inputs', 'count-too-large', 4, '02000000 ffffffffffffffffff 00000000'],
    ['a script of 64 MiB', 'count-too-large', 41, `02000000 01 ${outpoint} fe00000004 ${'00'.repeat(41)}`],
    ['a million outputs in 60 bytes', 'truncated', 46, `02000000 01 ${input} fe40420f00 00000000`],
    ['2 inputs where there is room for 1', 'truncated', 4, `02000000 02 ${input} 01 ${output} 00000000`],
    ['a count of 1 in three bytes', 'non-canonical-varint', 4, `02000000 fd0100 ${input}`],
    ['a count of 252 in three bytes', 'non-canonical-varint', 4, `02000000 fdfc00 ${input}`],
    ['a count of 65535 in five bytes', 'non-canonical-varint', 4, `02000000 feffff0000 ${input}`],
    ['a count of 2^32 - 1 in nine bytes', 'non-canonical-varint', 4, `02000000 ffffffffff00000000 ${input}`],
    ['flag 2', 'unknown-flag', 5, `02000000 0002 01 ${input} 01 ${output} 00 00000000`],
    ['flag 3', 'unknown-flag', 5, `02000000 0003 01 ${input} 01 ${output} 0101aa 00000000`],
    ['marker and flag without inputs', 'no-inputs', 6, `02000000 0001 00 01 ${output} 00000000`],
    [
      'marker and flag without a witness',
      'superfluous-witness',
      4,
      `02000000 0001 01 ${input} 01 ${output} 00 00000000`,
    ],
    [
      'more witness items than bytes',
      'truncated',
      58,
      `02000000 0001 01 ${input} 01 ${output} fdff01 00000000`,
    ],
  ];

  it.each(cases)('%s: %s at byte %i', (_, reason, offset, bytes) => {
    expect(refusal(() => parseTransaction(hex(bytes)))).toMatchObject({ reason, offset });
  });

  it('with a reason for each of the list', () => {
    // A transaction has no field that has another limit.
    const { reason: ofMessages } = refusal(() => DECODERS.filterload(hex('00 ffffffff')));
    expect(new Set([...cases.map(([, reason]) => reason), ofMessages])).toEqual(new Set(DECODE_REASONS));
  });

  it.each([
    ['without witness', plain],
    ['with witness', segwit],
  ])('a transaction %s that is cut off at any byte', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(() => parseTransaction(bytes.subarray(0, length))).reason).toBe('truncated');
    }
    expect(parseTransaction(bytes).size).toBe(bytes.length);
  });
});

describe('parseBlock refuses', () => {
  it('a block that is cut off at any byte', () => {
    for (let length = 0; length < block.length; length++) {
      expect(refusal(() => parseBlock(block.subarray(0, length))).reason).toBe('truncated');
    }
    expect(parseBlock(block).transactions).toHaveLength(2);
  });

  it('bytes left over, and more transactions than bytes', () => {
    expect(refusal(() => parseBlock(Buffer.concat([block, hex('00')]))).reason).toBe('trailing-bytes');
    const hostile = Buffer.concat([buildHeader(), hex('fe00000002'), plain]);
    expect(refusal(() => parseBlock(hostile))).toMatchObject({ reason: 'truncated', offset: 80 });
  });
});

describe('parseHeader refuses', () => {
  it('fewer than 80 bytes from its start', () => {
    expect(refusal(() => parseHeader(Buffer.alloc(79))).reason).toBe('truncated');
    expect(refusal(() => parseHeader(Buffer.alloc(160), 81)).reason).toBe('truncated');
    expect(parseHeader(Buffer.alloc(160), 80).start).toBe(80);
  });
});

/** Reads every property of a transaction. */
function readAll(transaction: Transaction): void {
  const facts = [
    transaction.txid,
    transaction.wtxid,
    transaction.version,
    transaction.lockTime,
    transaction.vsize,
  ];
  for (const { prevTxid, prevIndex, sigScript, sequence } of transaction.inputs) {
    facts.push(prevTxid, prevIndex, sigScript.length, sequence);
  }
  for (const { value, script, multisig } of transaction.outputs) {
    facts.push(value, script.length, multisig?.keys ?? 0);
  }
  expect(facts).not.toContain(undefined);
  checkSanity(transaction);
  const context = { nextHeight: 1, medianTime: 1, fee: 1 };
  for (const policy of POLICY_NAMES) standardness(policy, transaction, context);
}

describe('random bytes', () => {
  const seeds = [
    plain,
    segwit,
    buildTransaction({ outputs: [{ script: multisigScript(1, 3) }, { script: hex('6a4d0500') }] }),
  ];
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 });

  function damaged(seed: Buffer, changes: readonly (readonly [number, number])[]): Buffer {
    const bytes = Buffer.from(seed);
    for (const [offset, byte] of changes) bytes.writeUInt8(byte, offset % bytes.length);
    return bytes;
  }

  it('are a transaction or a DecodeError, never anything else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...seeds), damage, (seed, changes) => {
        try {
          readAll(parseTransaction(damaged(seed, changes)));
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 5000, seed: 1 },
    );
  });

  it('are a block or a DecodeError, never anything else', () => {
    fc.assert(
      fc.property(damage, (changes) => {
        try {
          const { transactions, coinbaseHeight } = parseBlock(damaged(block, changes));
          transactions.forEach(readAll);
          expect(coinbaseHeight ?? 1).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
