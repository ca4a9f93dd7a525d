import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Measures, measuresOf } from '../../src/policy/measures';
import { NON_STANDARD_REASONS } from '../../src/policy/reasons';
import { PackedNumbers, packNumber } from '../../src/why/packed-numbers';
import { MOST_RECEIPT_BYTES, packReceipt, readReceipt, readVerdict } from '../../src/why/packed-receipt';
import { parseBlock } from '../../src/wire/block';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { sharedBlocks } from '../support/data';
import { buildTransaction } from '../wire/build';

const bytes = Buffer.alloc(MOST_RECEIPT_BYTES);

it('packs whole numbers up to 2^53 one after the other', () => {
  const numbers = [0, 1, 127, 128, 16_383, 16_384, 0xffff_ffff, 2 ** 32, 21e14, 2 ** 53 - 1, 2 ** 53];
  let end = 0;
  const lengths = numbers.map((number) => {
    const next = packNumber(bytes, end, number);
    const length = next - end;
    end = next;
    return length;
  });
  expect(lengths).toEqual([1, 1, 1, 2, 2, 3, 5, 5, 8, 8, 8]);
  const read = new PackedNumbers(bytes, 0);
  expect(numbers.map(() => read.next())).toEqual(numbers);
});

const withWitness = parseTransaction(buildTransaction({ inputs: [{ witness: [Buffer.of(1)] }] }));
const without = parseTransaction(buildTransaction({ version: -1, lockTime: 0xffff_ffff }));

function readBack(transaction: Transaction, told: Parameters<typeof packReceipt>[1]) {
  const end = packReceipt(transaction, told, bytes);
  const place = Buffer.alloc(end + 7);
  bytes.copy(place, 7, 0, end);
  return { end, receipt: readReceipt(place, 7), verdict: readVerdict(place, 7) };
}

it.each([
  [withWitness, { fee: 0, checkedAfterMs: 1.25, reason: null }],
  [withWitness, { fee: 21e14, checkedAfterMs: null, reason: NON_STANDARD_REASONS[0] }],
  [without, { fee: null, checkedAfterMs: 0, reason: NON_STANDARD_REASONS.at(-1) ?? null }],
] as const)('reads a receipt as it was written: %#', (transaction, told) => {
  const measures = measuresOf(transaction, {});
  const { receipt, verdict } = readBack(transaction, { ...told, measures });
  const { size, vsize, weight, version, inputs, outputs, wireTxid, wireWtxid } = transaction;
  expect(receipt).toEqual({
    ...{ ...told, measures, size, vsize, weight, version },
    ...{ numInputs: inputs.length, numOutputs: outputs.length },
    value: outputs.reduce((sum, { value }) => sum + value, 0),
    wtxid: wireTxid === wireWtxid ? null : wireWtxid,
  });
  expect(verdict).toEqual({ fee: told.fee, isStandard: told.reason === null });
});

it('has room for the largest of everything', () => {
  const measures = Object.fromEntries(
    Object.entries(measuresOf(withWitness, {})).map(([name, value]) =>
      ['version', 'weight', 'vsize', 'strippedSize'].includes(name)
        ? [name, value]
        : [name, typeof value === 'boolean' ? true : 0xffff_ffff],
    ),
  ) as unknown as Measures;
  const told = { fee: 2 ** 53 - 1, checkedAfterMs: 2 ** 42, reason: null, measures };
  const { end, receipt } = readBack(withWitness, told);
  expect(end).toBeLessThan(MOST_RECEIPT_BYTES);
  expect(receipt).toMatchObject({ ...told, measures });
});

sharedBlocks.describe('the transactions of four real blocks', (folder) => {
  it('are read as they were written', () => {
    let count = 0;
    for (const name of readdirSync(folder))
      for (const transaction of parseBlock(readFileSync(path.join(folder, name))).transactions) {
        const measures = measuresOf(transaction, {});
        const { receipt } = readBack(transaction, { fee: 1, checkedAfterMs: 0.5, reason: null, measures });
        const { size, vsize, weight, version } = transaction;
        expect(receipt).toMatchObject({ size, vsize, weight, version, measures, fee: 1 });
        count += 1;
      }
    expect(count).toBeGreaterThan(2_000);
  });
});
