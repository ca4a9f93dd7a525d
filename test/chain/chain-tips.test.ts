import { chainTips, type ChainTips } from '../../src/chain/chain-tips';
import { displayOf } from '../../src/wire/hash';
import { mineHeaders, REGTEST } from './mine';
import { branch, newProcessor } from './processor';

/** The tips as btcd and Core list them. */
function listed({ tips }: ChainTips): readonly unknown[] {
  return tips.map(({ hash, height, branchLength, status }) => [
    displayOf(hash),
    height,
    branchLength,
    status,
  ]);
}

function setUp() {
  const { processor, chain, process } = newProcessor();
  const hasBlock = (index: number): boolean => processor.hasBlock(index);
  return { process, chain, tips: (): ChainTips => chainTips({ chain, hasBlock }) };
}

describe('chainTips', () => {
  it('has the genesis block where there is no other', () => {
    const { tips } = setUp();
    expect(tips()).toMatchObject({
      tips: [{ height: 0, branchLength: 0, status: 'active' }],
      stale: 0,
      best: 0,
    });
  });

  it('tells branches whose blocks came, those of headers, and invalid ones', () => {
    const { process, chain, tips } = setUp();
    const main = branch(REGTEST.genesis, 1, 6, 1);
    process(main);
    const [first, second] = main;
    if (first === undefined || second === undefined) throw new Error('no blocks');
    const valid = branch(first.bytes, 2, 2, 2);
    process(valid);
    const headers = mineHeaders(second.bytes, 3, 3);
    for (const header of headers) chain.add(header);
    const known = chain.changes;
    const invalid = branch(second.bytes, 3, 1, 4)[0];
    if (invalid === undefined) throw new Error('no block');
    chain.add(invalid.bytes);
    const index = chain.indexOf(invalid.wireHash);
    if (index === undefined) throw new Error('no header');
    chain.invalidate(index);
    expect(chain.changes).toBe(known + 2);
    const hashOfHeader = displayOf(chain.hashOf(chain.tips.find((tip) => chain.height(tip) === 5) ?? 0));
    expect(listed(tips())).toEqual([
      [main.at(-1)?.hash, 6, 0, 'active'],
      [hashOfHeader, 5, 3, 'headers-only'],
      [valid.at(-1)?.hash, 3, 2, 'valid-fork'],
      [invalid.hash, 3, 1, 'invalid'],
    ]);
    expect(tips()).toMatchObject({ stale: 5, best: 6 });
  });

  it('counts a block that two branches share once', () => {
    const { process, tips } = setUp();
    process(branch(REGTEST.genesis, 1, 6, 1));
    const stem = branch(REGTEST.genesis, 1, 2, 2);
    process(stem);
    const fork = stem.at(-1)?.bytes ?? Buffer.alloc(80);
    process(branch(fork, 3, 1, 3));
    process(branch(fork, 3, 1, 4));
    expect(tips()).toMatchObject({ stale: 4, best: 6 });
    expect(tips().tips.map(({ branchLength }) => branchLength)).toEqual([0, 3, 3]);
  });

  it('makes the old chain a branch after a reorganisation', () => {
    const { process, tips } = setUp();
    const old = branch(REGTEST.genesis, 1, 2, 1);
    process(old);
    const next = branch(REGTEST.genesis, 1, 3, 2);
    process(next);
    expect(listed(tips())).toEqual([
      [next.at(-1)?.hash, 3, 0, 'active'],
      [old.at(-1)?.hash, 2, 2, 'valid-fork'],
    ]);
  });

  it('leaves out what is deeper than 2,016 blocks, and all but the 100 highest', () => {
    const { chain, tips } = setUp();
    const main = mineHeaders(REGTEST.genesis, 2_020, 1);
    for (const header of main) chain.add(header);
    const on = (height: number) => main[height - 1] ?? Buffer.alloc(80);
    for (const height of [2, 3, 4, 5]) for (const header of mineHeaders(on(height), 1, 9)) chain.add(header);
    expect(tips().tips.map(({ height }) => height)).toEqual([2_020, 6, 5]);
    expect(tips()).toMatchObject({ stale: 2, best: 2_016 });
    for (let salt = 10; salt < 130; salt++)
      for (const header of mineHeaders(on(1_000), 1, salt)) chain.add(header);
    expect(tips().tips).toHaveLength(101);
  });
});
