import { RecentBlocks } from '../../src/chain/recent-blocks';
import { REGTEST } from './mine';
import { at, branch } from './processor';

const blocks = branch(REGTEST.genesis, 1, 4, 0);
const { size } = at(blocks, 0);

/** Which of the blocks are kept. */
const kept = (recent: RecentBlocks): number[] =>
  blocks.flatMap((block, i) => (recent.get(i)?.hash === block.hash ? [i] : []));

describe('RecentBlocks', () => {
  it('keeps at most the allowed bytes, and the newest', () => {
    const recent = new RecentBlocks(size * 3);
    blocks.forEach((block, i) => recent.add(i, block));
    expect(kept(recent)).toEqual([1, 2, 3]);
    const none = new RecentBlocks(size - 1);
    none.add(0, at(blocks, 0));
    expect(kept(none)).toEqual([]);
  });

  it('has room again after blocks were dropped', () => {
    const recent = new RecentBlocks(size * 3);
    blocks.slice(0, 3).forEach((block, i) => recent.add(i, block));
    recent.keepOnly((index) => index === 2);
    recent.add(3, at(blocks, 3));
    recent.add(0, at(blocks, 0));
    expect(kept(recent)).toEqual([0, 2, 3]);
  });
});
