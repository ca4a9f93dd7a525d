import * as hash from '../../src/wire/hash';
import { parseBlock } from '../../src/wire/block';
import { standardness } from '../../src/policy/standardness';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { mineBlock, REGTEST, rightCommitment } from '../chain/mine';
import { buildTransaction } from './build';

jest.mock('../../src/wire/hash', () => {
  const real = jest.requireActual<typeof hash>('../../src/wire/hash');
  return { ...real, displayHash: jest.fn(real.displayHash) };
});

const displayHash = jest.mocked(hash.displayHash);
beforeEach(() => displayHash.mockClear());

/** Asks for both ids. */
function ids({ txid, wtxid }: Transaction): unknown[] {
  return [txid, wtxid];
}

describe('hashing, which takes most of the time of reading transactions', () => {
  it('is done for what is asked for: nothing by reading and judging alone', () => {
    const transactions = [{}, { inputs: [{ witness: [Buffer.alloc(8)] }] }];
    parseBlock(mineBlock({ on: REGTEST.genesis, height: 1, transactions, commitment: rightCommitment }));
    standardness('core', parseTransaction(buildTransaction()));
    expect(displayHash).not.toHaveBeenCalled();
  });

  it('is done once for both ids where there is no witness', () => {
    const transaction = parseTransaction(buildTransaction());
    for (let i = 0; i < 3; i++) ids(transaction);
    expect(displayHash).toHaveBeenCalledTimes(1);
  });

  it('is done for all of a block together, and for none of them again', () => {
    const transactions = Array.from({ length: 30 }, (_, i) => ({
      inputs: [i % 3 === 0 ? { prevIndex: i } : { prevIndex: i, witness: [Buffer.alloc(i)] }],
    }));
    const bytes = mineBlock({ on: REGTEST.genesis, height: 1, transactions, commitment: rightCommitment });
    const oneByOne = parseBlock(bytes).transactions.map(ids);
    displayHash.mockClear();
    const block = parseBlock(bytes);
    expect(block.txids()).toEqual(oneByOne.map(([txid]) => txid));
    expect(block.wtxids()).toEqual(oneByOne.map(([, wtxid]) => wtxid));
    expect(block.transactions.map(ids)).toEqual(oneByOne);
    expect(displayHash).not.toHaveBeenCalled();
  });

  it('is done once for each id where there is one', () => {
    const transaction = parseTransaction(buildTransaction({ inputs: [{ witness: [Buffer.alloc(8)] }] }));
    for (let i = 0; i < 3; i++) ids(transaction);
    expect(displayHash).toHaveBeenCalledTimes(2);
  });
});
