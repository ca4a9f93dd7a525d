import { BlockTargets } from '../../../src/watch/series/block-targets';
import { ToldChain } from '../../../src/watch/series/told-chain';
import { fakeHash } from '../../support/fake-hash';

const entry = (height: number, time = height) => ({ hash: fakeHash(`h${height}`), height, time });

describe('best blocks of notifications', () => {
  const targetsOf = (...notices: readonly (readonly ['connected' | 'disconnected', string, number])[]) => {
    const targets = new BlockTargets();
    for (const [kind, hash, height] of notices) targets.noticed({ kind, hash: fakeHash(hash), height });
    return targets;
  };

  it('are the last of those that were connected one after another', () => {
    const targets = targetsOf(['connected', 'a', 1], ['connected', 'b', 2]);
    expect(targets.next).toEqual({ hash: fakeHash('b'), height: 2 });
    targets.shift();
    expect(targets.next).toBeUndefined();
  });

  it('are not those on the way of a reorganisation', () => {
    const targets = targetsOf(
      ['disconnected', 'a3', 3],
      ['disconnected', 'a2', 2],
      ['connected', 'b2', 2],
      ['connected', 'b3', 3],
    );
    expect([targets.next, targets.isUnsettled]).toEqual([undefined, true]);
    targets.noticed({ kind: 'connected', hash: fakeHash('b4'), height: 4 });
    expect([targets.next, targets.isUnsettled]).toEqual([{ hash: fakeHash('b4'), height: 4 }, false]);
  });

  it('are one that was best for a moment, too', () => {
    const targets = targetsOf(
      ['connected', 'a4', 4],
      ['disconnected', 'a4', 4],
      ['connected', 'b4', 4],
      ['connected', 'b5', 5],
    );
    expect(targets.next).toEqual({ hash: fakeHash('a4'), height: 4 });
    targets.shift();
    expect(targets.next).toEqual({ hash: fakeHash('b5'), height: 5 });
  });

  it('must be asked for where no notification follows', () => {
    const targets = targetsOf(['disconnected', 'a4', 4], ['disconnected', 'a3', 3]);
    expect(targets.next).toBeUndefined();
    targets.settle();
    expect(targets.next).toEqual({ hash: undefined, height: 2 });
  });

  it('have a bound', () => {
    const targets = new BlockTargets();
    for (let i = 0; i < 1_000; i++) {
      targets.noticed({ kind: 'disconnected', hash: fakeHash(`a${i}`), height: 5 });
      targets.noticed({ kind: 'connected', hash: fakeHash(`b${i}`), height: 5 });
    }
    targets.noticed({ kind: 'connected', hash: fakeHash('last'), height: 6 });
    let last: string | undefined;
    let count = 0;
    for (; targets.next !== undefined; targets.shift(), count++) last = targets.next.hash;
    expect(last).toBe(fakeHash('last'));
    expect(count).toBeLessThanOrEqual(100);
  });
});

describe('the chain as it was told', () => {
  it('gives blocks off that a reorganisation disconnects, the highest first', () => {
    const chain = new ToldChain();
    chain.begin([entry(5), entry(6), entry(7)]);
    expect(chain.cut(5).map(({ height }) => height)).toEqual([7, 6]);
    expect([chain.tip, chain.heightOf(fakeHash('h6')), chain.heightOf(fakeHash('h5'))]).toEqual([
      entry(5),
      undefined,
      5,
    ]);
    expect(chain.cut(5)).toEqual([]);
  });

  it('knows the median time of 11 blocks, or of all down to the first', () => {
    const chain = new ToldChain();
    for (let height = 0; height < 4; height++) chain.push(entry(height, 10 * height));
    expect(chain.medianTime()).toBe(20);
    const later = new ToldChain();
    for (let height = 100; height < 110; height++) later.push(entry(height));
    expect(later.medianTime()).toBeUndefined();
    later.push(entry(110, 1));
    expect(later.medianTime()).toBe(104);
  });

  it('remembers some thousands of blocks at most', () => {
    const chain = new ToldChain();
    for (let height = 0; height < 10_000; height++) chain.push(entry(height));
    expect(chain.lowestHeight).toBeGreaterThan(5_000);
    expect(chain.heightOf(fakeHash('h0'))).toBeUndefined();
    expect(chain.tip).toEqual(entry(9_999));
  });
});
