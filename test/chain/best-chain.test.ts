import { BestChain } from '../../src/chain/best-chain';
import type { ChainEvents } from '../../src/chain/events';

interface Watched {
  readonly add: (hash: string, prevHash: string, time: number, coinbaseHeight?: number) => void;
  readonly seen: string[];
}

function chain(): Watched {
  const seen: string[] = [];
  const best = new BestChain(({ block, height, medianTime }: ChainEvents['newBest']) =>
    seen.push(`${block.hash} ${height} ${medianTime ?? '-'}`),
  );
  return {
    add: (hash, prevHash, time, coinbaseHeight) =>
      best.add({ hash, prevHash, time, coinbaseHeight } as never),
    seen,
  };
}

describe('BestChain', () => {
  it('takes the first height from the coinbase and the others from their parents', () => {
    const { add, seen } = chain();
    add('a', 'unknown', 1, 800_000);
    add('b', 'a', 2, 5);
    expect(seen).toEqual(['a 800000 -', 'b 800001 -']);
  });

  it('keeps the first of two blocks of one height, and turns to the longer branch', () => {
    const { add, seen } = chain();
    add('a', 'unknown', 1, 10);
    add('b', 'a', 2);
    add('b2', 'a', 2);
    add('c2', 'b2', 3);
    expect(seen).toEqual(['a 10 -', 'b 11 -', 'c2 12 -']);
  });

  it('gives the median of 11 times once all are known', () => {
    const { add, seen } = chain();
    const times = [50, 10, 40, 20, 30, 60, 110, 70, 100, 80, 90];
    times.forEach((time, i) => add(`${i}`, `${i - 1}`, time, i === 0 ? 1 : undefined));
    expect(seen.at(-2)).toBe('9 10 -');
    expect(seen.at(-1)).toBe('10 11 60');
  });

  it('passes over a block whose height cannot be known', () => {
    const { add, seen } = chain();
    add('a', 'unknown', 1);
    expect(seen).toEqual([]);
  });
});
