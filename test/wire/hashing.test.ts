import * as hash from '../../src/wire/hash';
import { parseBlock } from '../../src/wire/block';
import { standardness } from '../../src/policy/standardness';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { mineBlock, REGTEST, rightCommitment } from '../chain/mine';
import { buildTransaction } from './build';

jest.mock('../../src/wire/hash', () => {
  const real = jest.requireActual<typeof hash>('../../src/wire/hash');
  return { ...real, hash256: jest.fn(real.hash256) };
});

const hash256 = jest.mocked(hash.hash256);
beforeEach(() => hash256.mockClear());

/** Reads both ids in both forms. */
function ids({ wireTxid, wireWtxid, txid, wtxid }: Transaction): unknown[] {
  return [wireTxid, wireWtxid, txid, wtxid];
}

describe('hashing, most of the time that reading transactions takes,', () => {
  it('is done only when an id is asked for: reading and judging need none', () => {
    const transactions = [{}, { inputs: [{ witness: [Buffer.alloc(8)] }] }];
    parseBlock(mineBlock({ on: REGTEST.genesis, height: 1, transactions, commitment: rightCommitment }));
    standardness('core', parseTransaction(buildTransaction()));
    expect(hash256).not.toHaveBeenCalled();
  });

  it('is done once for both ids where there is no witness', () => {
    const transaction = parseTransaction(buildTransaction());
    for (let i = 0; i < 3; i++) ids(transaction);
    expect(hash256).toHaveBeenCalledTimes(1);
  });

  it('is done for all transactions of a block together, and for none of them twice', () => {
    const transactions = Array.from({ length: 30 }, (_, i) => ({
      inputs: [i % 3 === 0 ? { prevIndex: i } : { prevIndex: i, witness: [Buffer.alloc(i)] }],
    }));
    const bytes = mineBlock({ on: REGTEST.genesis, height: 1, transactions, commitment: rightCommitment });
    const oneByOne = parseBlock(bytes).transactions.map(ids);
    hash256.mockClear();
    const block = parseBlock(bytes);
    expect(block.wireTxids()).toEqual(oneByOne.map(([txid]) => txid));
    expect(block.wireWtxids()).toEqual(oneByOne.map(([, wtxid]) => wtxid));
    expect(block.transactions.map(ids)).toEqual(oneByOne);
    expect(hash256).not.toHaveBeenCalled();
  });

  it('is done once for each id where there is one', () => {
    const transaction = parseTransaction(buildTransaction({ inputs: [{ witness: [Buffer.alloc(8)] }] }));
    for (let i = 0; i < 3; i++) ids(transaction);
    expect(hash256).toHaveBeenCalledTimes(2);
  });
});
