import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PartialBlock } from '../../../src/p2p/compact/partial-block';
import { decodeCmpctBlock } from '../../../src/wire/messages/cmpctblock';
import { parseBlock } from '../../../src/wire/block';
import type { Transaction } from '../../../src/wire/transaction';
import { mineBlock, REGTEST } from '../../chain/mine';
import { compactBlock, sourceOf } from '../../support/compact';
import { sharedBlocks } from '../../support/data';

const inputs = (count: number): { readonly prevHash: Buffer; readonly witness: Buffer[] }[] =>
  Array.from({ length: count }, (_, i) => ({ prevHash: Buffer.alloc(32, i + 1), witness: [Buffer.of(i)] }));

/** A block of a coinbase and ten transactions with witnesses. */
const BLOCK = mineBlock({
  on: REGTEST.genesis,
  height: 1,
  transactions: inputs(10).map((input) => ({ inputs: [input] })),
});
const TRANSACTIONS = parseBlock(BLOCK).transactions;
const others = TRANSACTIONS.slice(1);

const without = (...gone: readonly number[]): readonly Transaction[] =>
  TRANSACTIONS.filter((_, i) => i > 0 && !gone.includes(i));

const partialOf = (
  source: Parameters<typeof PartialBlock.from>[1],
  options?: Parameters<typeof compactBlock>[1],
): PartialBlock | undefined => PartialBlock.from(decodeCmpctBlock(compactBlock(BLOCK, options)), source);

describe('a partial block', () => {
  it.each([
    ['the coinbase alone', [0]],
    ['the first and the last', [0, 10]],
    ['none', []],
    ['some in the middle', [0, 3, 4, 8]],
    ['all', TRANSACTIONS.map((_, i) => i)],
  ])('is the block where all is known and the peer sent whole: %s', (_, prefilled) => {
    // The source has another order than the block, and more transactions.
    const partial = partialOf(sourceOf([...TRANSACTIONS].reverse()), { prefilled });
    expect(partial?.missing).toEqual([]);
    expect(partial?.serialize().equals(BLOCK)).toBe(true);
  });

  it('names the indexes of missing transactions, and is complete once they are added', () => {
    const partial = partialOf(sourceOf(without(1, 5, 10)), { prefilled: [0, 2] });
    expect(partial?.missing).toEqual([1, 5, 10]);
    const filled = partial?.filled([1, 5, 10].flatMap((i) => TRANSACTIONS.slice(i, i + 1)));
    expect(filled?.serialize().equals(BLOCK)).toBe(true);
  });

  it.each([
    ['too few', [1, 5]],
    ['too many', [1, 5, 10, 2]],
    ['in another order', [5, 1, 10]],
    ['others', [1, 5, 9]],
  ])('refuses what is put in where these are %s', (_, places) => {
    const partial = partialOf(sourceOf(without(1, 5, 10)));
    expect(partial?.filled(places.flatMap((i) => TRANSACTIONS.slice(i, i + 1)))).toBeUndefined();
  });

  it('refuses a transaction with another witness than requested', () => {
    const twin = mineBlock({
      on: REGTEST.genesis,
      height: 1,
      transactions: [{ inputs: [{ ...inputs(1)[0], witness: [Buffer.of(99)] }] }],
    });
    const [, changed] = parseBlock(twin).transactions;
    expect(changed?.txid).toBe(TRANSACTIONS[1]?.txid);
    const partial = partialOf(sourceOf(without(1)));
    expect(partial?.filled(changed === undefined ? [] : [changed])).toBeUndefined();
  });

  it('asks for a transaction if two relayed ones have its short id', () => {
    // Two transactions with one id are like a collision. The last one is unknown, so that the search goes on
    // to the end.
    const wtxids = [...others.slice(0, 9), ...others.slice(0, 1)].map(({ wtxid }) => wtxid);
    const source = sourceOf([...others.slice(0, 9), ...others.slice(4, 5)], wtxids);
    expect(partialOf(source)?.missing).toEqual([1, 10]);
  });

  it('is undefined if an id occurs twice', () => {
    const id = decodeCmpctBlock(compactBlock(BLOCK)).shortIds[0] ?? 0;
    const bytes = Buffer.alloc(6);
    bytes.writeUIntLE(id, 0, 6);
    expect(partialOf(sourceOf(others), { ids: new Map([[4, bytes]]) })).toBeUndefined();
  });

  it('is undefined if its transactions exceed a block, and copies none of them', () => {
    let copied = 0;
    const source = { ...sourceOf(others), size: () => 500_000, copy: () => copied++ };
    expect(partialOf(source)).toBeUndefined();
    expect(copied).toBe(0);
  });
});

sharedBlocks.describe('full blocks', (folder) => {
  it.each(readdirSync(folder))('%s is rebuilt byte for byte', (name) => {
    const block = readFileSync(path.join(folder, name));
    const { transactions } = parseBlock(block);
    const known = transactions.filter((_, i) => i % 7 !== 3);
    const message = decodeCmpctBlock(compactBlock(block));
    const partial = PartialBlock.from(message, sourceOf(known));
    expect(partial?.missing).toEqual(transactions.flatMap((_, i) => (i % 7 === 3 ? [i] : [])));
    const filled = partial?.filled(transactions.filter((_, i) => i % 7 === 3));
    expect(filled?.serialize().equals(block)).toBe(true);
  });
});
