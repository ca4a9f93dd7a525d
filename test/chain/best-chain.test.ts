import { RECENT_BLOCKS } from '../../src/chain/recent-blocks';
import { type Block, parseBlock } from '../../src/wire/block';
import { mineBlock, REGTEST } from './mine';
import { at, branch, newProcessor } from './processor';

const base = branch(REGTEST.genesis, 1, 2, 0);
const tip = at(base, 1).bytes;

/** A processor that has the base and two branches on it, a and b. */
function forked(a: readonly Block[], b: readonly Block[]): ReturnType<typeof newProcessor> {
  const bench = newProcessor();
  bench.call('base', base);
  bench.call('a', a);
  bench.call('b', b);
  bench.process(base);
  bench.takeMoves();
  return bench;
}

const plus = (name: string, count: number, height = 3): string[] =>
  Array.from({ length: count }, (_, i) => `+${name}${i + 1} ${height + i}`);
const minus = (name: string, count: number, height = 3): string[] =>
  plus(name, count, height)
    .reverse()
    .map((line) => line.replace('+', '-'));

describe('blocks are connected', () => {
  const a = branch(tip, 3, 4, 1);

  it('each as it becomes the best', () => {
    const { process, takeMoves } = forked(a, []);
    process(a);
    expect(takeMoves()).toEqual(plus('a', 4));
  });

  it('once each when they arrive after a child', () => {
    const { process, takeMoves, chain } = forked(a, []);
    for (const { bytes } of a) chain.add(bytes);
    process([at(a, 0), at(a, 3), at(a, 1), at(a, 2), at(a, 1)]);
    expect(takeMoves()).toEqual(['+a1 3', '+a4 6', '+a2 4', '+a3 5']);
  });

  it('but not old ones: a peer can send all of the past', () => {
    const long = branch(tip, 3, RECENT_BLOCKS + 2, 1);
    const { process, takeMoves, chain } = forked(long, []);
    for (const { bytes } of long) chain.add(bytes);
    process(long.slice(-1));
    expect(process(long.slice(0, 3))).toEqual(['a1 accepted 3', 'a2 accepted 4', 'a3 accepted 5']);
    expect(takeMoves()).toEqual([`+a${RECENT_BLOCKS + 2} ${RECENT_BLOCKS + 4}`, '+a3 5']);
  });
});

describe('a reorganisation', () => {
  it.each([1, 2, 6, RECENT_BLOCKS])(
    'disconnects %i blocks, tip first, and connects all of the others, lowest first',
    (depth) => {
      const a = branch(tip, 3, depth, 1);
      const b = branch(tip, 3, depth + 1, 2);
      const { process, takeMoves } = forked(a, b);
      process([...a, ...b]);
      expect(takeMoves()).toEqual([...plus('a', depth), ...minus('a', depth), ...plus('b', depth + 1)]);
    },
  );

  it.each([1, 2, 6])(
    'of %i blocks does the same when headers come first and blocks in any order',
    (depth) => {
      const a = branch(tip, 3, depth, 1);
      const b = branch(tip, 3, depth + 1, 2);
      const { process, takeMoves, chain } = forked(a, b);
      process(a);
      for (const { bytes } of b) chain.add(bytes);
      takeMoves();
      process(b.slice(1, depth));
      expect(takeMoves()).toEqual([]);
      process(b.slice(depth));
      expect(takeMoves()).toEqual(
        [...minus('a', depth), ...plus('b', depth + 1).slice(1)].filter(
          (line) => depth > 1 || line !== '+b1 3',
        ),
      );
      process(b.slice(0, 1));
      expect(takeMoves()).toEqual(['+b1 3']);
    },
  );

  it('is announced before it, and the new best after', () => {
    const a = branch(tip, 3, 1, 1);
    const b = branch(tip, 3, 2, 2);
    const { process, bus } = forked(a, b);
    process(a);
    const order: string[] = [];
    for (const name of ['processedBlock', 'reorg', 'blockDisconnected', 'blockConnected', 'newBest'] as const)
      bus.on(name, () => order.push(name));
    process(b);
    expect(order.slice(1)).toEqual([
      'processedBlock',
      'reorg',
      'blockDisconnected',
      'blockConnected',
      'blockConnected',
      'newBest',
    ]);
  });

  it('goes back and forth', () => {
    const a = branch(tip, 3, 5, 1);
    const b = branch(tip, 3, 4, 2);
    const { process, takeMoves } = forked(a, b);
    process([...a.slice(0, 1), ...b.slice(0, 2), ...a.slice(1, 3), ...b.slice(2), ...a.slice(3)]);
    expect(takeMoves()).toEqual([
      ...plus('a', 1),
      ...minus('a', 1),
      ...plus('b', 2),
      ...minus('b', 2),
      ...plus('a', 3),
      ...minus('a', 3),
      ...plus('b', 4),
      ...minus('b', 4),
      ...plus('a', 5),
    ]);
  });
});

describe('headers ahead of their blocks', () => {
  const a = branch(tip, 3, 4, 1);
  const b = branch(tip, 3, 3, 2);

  it('do not delay a block that has a complete chain below it and more work than any other', () => {
    const { process, takeMoves, takeLines, chain } = forked(a, b);
    process(a.slice(0, 2));
    for (const { bytes } of b) chain.add(bytes);
    takeLines();
    // The best header is b3, whose block nobody has sent.
    expect(process([at(b, 0), at(a, 2)])).toEqual(['b1 accepted 3', 'a3 accepted 5', 'best a3 5']);
    expect(process([at(a, 3)])).toEqual(['a4 accepted 6', 'best a4 6']);
    expect(takeMoves()).toEqual(plus('a', 4));
  });

  it('delay a block that has gaps below it and is not on the best header chain', () => {
    const { process, chain } = forked(a, b);
    process(a.slice(0, 1));
    for (const { bytes } of [...b, ...a]) chain.add(bytes);
    const [more] = branch(at(b, 2).bytes, 6, 1, 2);
    for (const { bytes } of more === undefined ? [] : [more]) chain.add(bytes);
    expect(process([at(b, 2)])).toEqual(['b3 side_chain 5']);
  });
});

describe('blocks on a block that is found invalid late', () => {
  const bad = mineBlock({ on: tip, height: 9 });
  const onBad = branch(bad, 4, 2, 5);

  it('are disconnected at once, without a reorganisation', () => {
    const { process, takeMoves, chain, call } = forked([], []);
    call('bad', [parseBlock(bad)]);
    call('on', onBad);
    chain.add(bad);
    process(onBad);
    expect(takeMoves()).toEqual(['+on1 4', '+on2 5']);
    expect(process([parseBlock(bad)])).toEqual(['bad1 rejected bad-cb-height 3']);
    expect(takeMoves()).toEqual(['-on2 5', '-on1 4']);
    const [next] = branch(tip, 3, 1, 6);
    call('next', next === undefined ? [] : [next]);
    expect(process(next === undefined ? [] : [next])).toEqual(['next1 accepted 3', 'best next1 3']);
    expect(takeMoves()).toEqual(['+next1 3']);
  });

  it('are replaced by a side chain that is known', () => {
    const b = branch(tip, 3, 2, 2);
    const { process, takeMoves, chain, call } = forked([], b);
    call('bad', [parseBlock(bad)]);
    chain.add(bad);
    process([...onBad, ...b]);
    takeMoves();
    expect(process([parseBlock(bad)])).toEqual(['bad1 rejected bad-cb-height 3', 'best b2 4']);
    expect(takeMoves().slice(2)).toEqual(plus('b', 2));
  });

  it('leave nothing when no other block is known', () => {
    const { process, takeMoves, chain } = newProcessor();
    for (const { bytes } of base) chain.add(bytes);
    chain.add(bad);
    process(onBad);
    process([parseBlock(bad)]);
    expect(takeMoves().map((line) => line[0])).toEqual(['+', '+', '-', '-']);
    process(branch(tip, 3, 1, 6));
    expect(takeMoves()).toHaveLength(1);
  });
});
