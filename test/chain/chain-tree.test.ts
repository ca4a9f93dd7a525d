import { type ChainTree, chainTree } from '../../src/chain/chain-tree';
import type { Block } from '../../src/wire/block';
import { displayOf } from '../../src/wire/hash';
import { mineHeaders, REGTEST } from './mine';
import { at, branch, newProcessor } from './processor';

function setUp() {
  const { processor, chain, process } = newProcessor();
  const hasBlock = (index: number): boolean => processor.hasBlock(index);
  return { process, chain, tree: (): ChainTree => chainTree({ chain, hasBlock }) };
}

/** The blocks of a tree as `branch:height`, each with what stands below it. */
function drawn({ blocks }: ChainTree): readonly string[] {
  const name = new Map(blocks.map(({ hash, branch: number, height }) => [hash, `${number}:${height}`]));
  return blocks.map(({ hash, below, notDrawn, status, isTip }) =>
    [
      `${name.get(hash)} -> ${below === null ? 'nothing' : name.get(below)}`,
      ...(notDrawn === 0 ? [] : [`${notDrawn} between`]),
      ...(isTip ? [status] : []),
    ].join(', '),
  );
}

const last = (blocks: readonly Block[]): Buffer => at(blocks, blocks.length - 1).bytes;

it('has the last blocks of a chain without branches', () => {
  const { process, tree } = setUp();
  expect(drawn(tree())).toEqual(['0:0 -> nothing, active']);
  const blocks = branch(REGTEST.genesis, 1, 30, 1);
  process(blocks);
  const { blocks: found, ...counts } = tree();
  expect(counts).toEqual({ branches: 0, moreBranches: 0, stale: 0, best: 30 });
  expect(found.map(({ hash, time }) => [displayOf(hash), time])).toEqual(
    blocks
      .slice(-12)
      .reverse()
      .map(({ hash, time }) => [hash, time]),
  );
  expect(found.every(({ branch: number, status }) => number === 0 && status === 'active')).toBe(true);
  expect(found.at(-1)).toMatchObject({ height: 19, below: null, notDrawn: 0, isTip: false });
});

it('has each branch where it leaves the chain, however long ago', () => {
  const { process, chain, tree } = setUp();
  const main = branch(REGTEST.genesis, 1, 40, 1);
  process(main);
  process(branch(at(main, 4).bytes, 6, 2, 2));
  for (const header of mineHeaders(at(main, 37).bytes, 2, 3)) chain.add(header);
  expect(drawn(tree())).toEqual([
    '0:40 -> 0:39, active',
    '1:40 -> 1:39, headers-only',
    '0:39 -> 0:38',
    '1:39 -> 0:38',
    ...Array.from({ length: 9 }, (_, i) => `0:${38 - i} -> 0:${37 - i}`),
    '0:29 -> 0:7, 21 between',
    '0:7 -> 0:6',
    '2:7 -> 2:6, valid-fork',
    '0:6 -> 0:5',
    '2:6 -> 0:5',
    '0:5 -> nothing',
  ]);
  expect(tree()).toMatchObject({ branches: 2, moreBranches: 0, stale: 4, best: 40 });
});

it('has a block that two branches share once', () => {
  const { process, tree } = setUp();
  process(branch(REGTEST.genesis, 1, 5, 1));
  const stem = branch(REGTEST.genesis, 1, 2, 2);
  process(stem);
  process(branch(last(stem), 3, 2, 3));
  process(branch(last(stem), 3, 1, 4));
  expect(drawn(tree())).toEqual([
    ...['0:5 -> 0:4, active', '0:4 -> 0:3', '1:4 -> 1:3, valid-fork'],
    ...['0:3 -> 0:2', '1:3 -> 1:2', '2:3 -> 1:2, valid-fork'],
    ...['0:2 -> 0:1', '1:2 -> 1:1', '0:1 -> 0:0', '1:1 -> 0:0', '0:0 -> nothing'],
  ]);
});

it('is bounded, whatever is sent, and says what it leaves out', () => {
  const { process, chain, tree } = setUp();
  const main = branch(REGTEST.genesis, 1, 30, 1);
  process(main);
  // A long branch, a fork of its part that is not drawn, and many short ones.
  const long = mineHeaders(at(main, 9).bytes, 15, 2);
  for (const header of long) chain.add(header);
  for (const header of mineHeaders(long[2] ?? Buffer.alloc(80), 1, 3)) chain.add(header);
  const before = drawn(tree());
  expect(before).toContain('1:20 -> 0:10, 9 between');
  expect(before).toContain('2:14 -> 0:10, 3 between, headers-only');
  expect(before.filter((line) => line.startsWith('1:'))).toHaveLength(6);
  for (let salt = 100; salt < 230; salt++)
    process(branch(at(main, salt % 28).bytes, (salt % 28) + 2, 1, salt));
  const { blocks, branches, moreBranches } = tree();
  expect([branches, branches + moreBranches]).toEqual([20, 132]);
  expect(blocks.length).toBeLessThanOrEqual(212);
  const hashes = blocks.map(({ hash }) => hash);
  expect(new Set(hashes).size).toBe(hashes.length);
  // Each line leads to a block that is drawn.
  expect(blocks.filter(({ below }) => below !== null && !hashes.includes(below))).toEqual([]);
  expect(blocks.filter(({ below }) => below === null)).toHaveLength(1);
});
