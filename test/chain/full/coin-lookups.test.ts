import { CoinLookups } from '../../../src/chain/full/coin-lookups';
import { parseTransaction } from '../../../src/wire/transaction';
import { until } from '../../support/until';
import { buildTransaction } from '../../wire/build';

const OUTPOINT_BYTES = 36;

/** Inputs that spend outputs 0, 1, … of one transaction. */
const inputs = (count: number) =>
  parseTransaction(
    buildTransaction({ inputs: Array.from({ length: count }, (_, prevIndex) => ({ prevIndex })) }),
  ).inputs;

/** Look-ups in a set where each output is worth ten times its index, and every third one is missing. */
function newLookups() {
  const questions: number[] = [];
  const found: [string, number, number][] = [];
  let overflows = 0;
  const answers: (() => void)[] = [];
  const lookups = new CoinLookups({
    engine: {
      values: async (outpoints) => {
        questions.push(outpoints.length / OUTPOINT_BYTES);
        await new Promise<void>((resolve) => answers.push(resolve));
        return Float64Array.from({ length: outpoints.length / OUTPOINT_BYTES }, (_, i) => {
          const index = outpoints.readUInt32LE(i * OUTPOINT_BYTES + 32);
          return index % 3 === 2 ? NaN : index * 10;
        });
      },
    },
    found: (txid, index, value) => found.push([txid.toString('hex'), index, value]),
    overflow: () => overflows++,
  });
  const answer = async (): Promise<void> => (await until('a question', () => answers.shift()))();
  return { lookups, questions, found, answer, overflows: () => overflows };
}

describe('looking up the values of outputs', () => {
  it('asks for all that has gathered at once, and reports what exists', async () => {
    const { lookups, questions, found, answer } = newLookups();
    for (const input of inputs(100)) lookups.ask(input);
    await answer();
    await until('the answer', () => found.length >= 67);
    expect(questions).toEqual([100]);
    expect(found.slice(0, 3)).toEqual([
      ['aa'.repeat(32), 0, 0],
      ['aa'.repeat(32), 1, 10],
      ['aa'.repeat(32), 3, 30],
    ]);
    expect(found).toHaveLength(67);
  });

  it('sends one query at a time with at most a thousand outputs, and forgets none', async () => {
    const { lookups, questions, found, answer } = newLookups();
    for (const input of inputs(1)) lookups.ask(input);
    await until('the first question', () => questions.length === 1);
    for (const input of inputs(2_500)) lookups.ask(input);
    expect(questions).toEqual([1]);
    for (let left = 4; left > 0; left--) await answer();
    await until('the answers', () => found.length >= 1_668);
    expect(questions).toEqual([1, 1_000, 1_000, 500]);
    const indices = found.slice(1).map(([, index]) => index);
    expect(indices).toEqual(Array.from({ length: 2_500 }, (_, i) => i).filter((i) => i % 3 !== 2));
    for (const input of inputs(1)) lookups.ask(input);
    await answer();
    expect(questions.at(-1)).toBe(1);
  });

  it('is bounded while nobody answers, and reports it', async () => {
    const { lookups, questions, overflows } = newLookups();
    const many = inputs(10_000);
    for (const input of inputs(1)) lookups.ask(input);
    await until('the first question', () => questions.length === 1);
    for (let left = 6; left > 0; left--) for (const input of many) lookups.ask(input);
    expect(overflows()).toBe(10_000);
  });
});
