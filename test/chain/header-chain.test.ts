import * as consensus from 'bcoin/lib/protocol/consensus';
import fc from 'fast-check';
import { HeaderChain, type HeaderVerdict } from '../../src/chain/header-chain';
import { CHAIN_PARAMS, type ChainParams, genesisHash } from '../../src/chain/params';
import { ProofOfWork } from '../../src/chain/proof-of-work';
import { displayOf, readHash } from '../../src/wire/hash';
import { NETWORK_NAMES } from '../../src/wire/networks';
import { fakeHash } from '../support/fake-hash';
import { display, hashOf, mineHeader, mineHeaders, NOW, REGTEST, regtestWith } from './mine';

const GENESIS = REGTEST.genesis;

function newChain(params: ChainParams = REGTEST, now = NOW): HeaderChain {
  return new HeaderChain(params, { unixTime: () => now });
}

/** Adds headers that must be valid; returns the index of the last. */
function grow(chain: HeaderChain, headers: readonly Buffer[]): number {
  let last = 0;
  for (const header of headers) {
    const verdict = chain.add(header);
    if (verdict.status !== 'accepted') throw new Error(JSON.stringify(verdict));
    last = verdict.index;
  }
  return last;
}

const reason = (verdict: HeaderVerdict): string =>
  verdict.status === 'rejected' ? verdict.reason : verdict.status;

describe('the networks', () => {
  it.each([
    ['mainnet', '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'],
    ['testnet3', '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943'],
    ['testnet4', '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043'],
    ['signet', '00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6'],
    ['simnet', '683e86bd5c6d110d91b94b97137ba6bfe02dbbdb8e3dff722a669b5d69d77af6'],
    ['regtest', '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206'],
  ] as const)('%s begins with its first block', (network, hash) => {
    const params = CHAIN_PARAMS[network];
    const chain = newChain(params);
    expect(genesisHash(params)).toBe(hash);
    expect(displayOf(chain.hashOf(0))).toBe(hash);
    expect(chain.add(params.genesis)).toEqual({ status: 'duplicate', index: 0 });
    expect(chain.work(0)).toBeGreaterThan(0n);
  });

  it.each(NETWORK_NAMES)('%s has heights of checkpoints that rise', (network) => {
    const heights = [...CHAIN_PARAMS[network].checkpoints.keys()];
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
  });

  it('takes mainnet’s second block', () => {
    const second = Buffer.from(
      '010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299',
      'hex',
    );
    const chain = newChain(CHAIN_PARAMS.mainnet);
    expect(chain.add(second)).toEqual({ status: 'accepted', index: 1 });
    expect(displayOf(chain.hashOf(1))).toBe(
      '00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048',
    );
    expect(chain.work(1)).toBe(0x2_0002_0002n);
  });
});

it('tells the height that a header would get, and adds nothing', () => {
  const chain = newChain();
  const headers = mineHeaders(GENESIS, 3);
  const next = mineHeader({ on: headers[2] ?? GENESIS });
  grow(chain, headers);
  expect(chain.heightIfValid(next)).toBe(4);
  expect([chain.size, chain.bestHeight, chain.tips]).toEqual([4, 3, [3]]);
  expect(chain.heightIfValid(Buffer.concat([Buffer.alloc(5), next]), 5)).toBe(4);
  expect(headers.map((header) => chain.heightIfValid(header))).toEqual([1, 2, 3]);
  const miss = mineHeader({ on: headers[2] ?? GENESIS, miss: true });
  const orphan = mineHeader({ on: next });
  expect([miss, orphan].map((header) => chain.heightIfValid(header))).toEqual([undefined, undefined]);
  grow(chain, [next]);
  expect(chain.heightIfValid(orphan)).toBe(5);
});

describe('proof of work', () => {
  it('judges as bcoin does', () => {
    const pow = new ProofOfWork(REGTEST.powLimit);
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        hash,
        fc.integer({ min: 29, max: 32 }),
        fc.integer({ min: 1, max: 0x7f_ffff }),
        (bytes, size, mantissa) => {
          const bits = size * 0x1000000 + mantissa;
          // Includes hashes near the target.
          const near = Buffer.from(bytes);
          near.fill(0, size);
          for (const each of [Buffer.from(bytes), near])
            expect(pow.proven(each, 0, bits) !== undefined).toBe(consensus.verifyPOW(each, bits));
        },
      ),
    );
  });

  it('accepts a hash equal to the target, and none above', () => {
    const pow = new ProofOfWork(REGTEST.powLimit);
    const hash = Buffer.alloc(32);
    hash.write('ffff7f', 29, 'hex');
    expect(pow.proven(hash, 0, 0x207fffff)).toBe(2n);
    hash[0] = 1;
    expect(pow.proven(hash, 0, 0x207fffff)).toBeUndefined();
  });
});

describe('a header that breaks one rule', () => {
  const strict = regtestWith({ bip34Height: 3, bip66Height: 4, bip65Height: 5 });
  const [one = GENESIS, two = GENESIS, three = GENESIS] = mineHeaders(GENESIS, 3);

  it.each([
    ['high-hash', 'a hash above its target', REGTEST, { miss: true }, {}],
    ['bad-diffbits', 'another difficulty', REGTEST, { bits: 0x207ffffe }, {}],
    [
      'time-too-old',
      'the median time',
      REGTEST,
      { time: two.readUInt32LE(68) },
      { time: two.readUInt32LE(68) + 1 },
    ],
    ['time-too-new', 'two hours and a second ahead', REGTEST, { time: NOW + 7_201 }, { time: NOW + 7_200 }],
    ['bad-version', 'version 1 under BIP34', strict, { version: 1 }, { version: 4 }],
    ['bad-version', 'version 2 under BIP66', strict, { version: 2 }, { version: 4 }],
    ['bad-version', 'version 3 under BIP65', regtestWith({ bip65Height: 4 }), { version: 3 }, { version: 4 }],
    ['bad-version', 'a negative version', REGTEST, { version: -1 }, { version: 4 }],
    [
      'checkpoint-mismatch',
      'not the one that is known at its height',
      regtestWith({ checkpoints: new Map([[4, display(hashOf(mineHeader({ on: three })))]]) }),
      { salt: 1 },
      {},
    ],
  ] as const)('%s: %s', (expected, _, params, fault, right) => {
    const chain = newChain(params);
    grow(chain, [one, two, three]);
    const size = chain.size;
    expect(reason(chain.add(mineHeader({ on: three, ...fault })))).toBe(expected);
    expect(chain.size).toBe(size);
    expect(reason(chain.add(mineHeader({ on: three, ...right })))).toBe('accepted');
  });

  it.each([
    ['zero', 0],
    ['negative', 0x20ffffff],
    ['easier than the limit', 0x217fffff],
    ['more than 256 bits', 0xff7fffff],
  ])('high-hash: a target that is %s', (_, bits) => {
    const header = Buffer.from(mineHeader({ on: GENESIS }));
    header.writeUInt32LE(bits, 72);
    expect(reason(newChain().add(header))).toBe('high-hash');
  });

  it('bad-fork-prior-to-checkpoint: below the last one that was reached', () => {
    const params = regtestWith({ checkpoints: new Map([[2, display(hashOf(two))]]) });
    const chain = newChain(params);
    const fork = mineHeader({ on: GENESIS, salt: 9 });
    grow(chain, [one]);
    expect(reason(chain.add(mineHeader({ on: GENESIS, salt: 8 })))).toBe('accepted');
    grow(chain, [two]);
    expect(reason(chain.add(fork))).toBe('bad-fork-prior-to-checkpoint');
    expect(reason(chain.add(one))).toBe('duplicate');
    expect(reason(chain.add(mineHeader({ on: one, salt: 9 })))).toBe('checkpoint-mismatch');
    expect(reason(chain.add(mineHeader({ on: two, salt: 9 })))).toBe('accepted');
  });

  it('treats the blocks up to the last checkpoint reached, on its own branch, as valid', () => {
    const params = regtestWith({ checkpoints: new Map([[2, display(hashOf(two))]]) });
    const chain = newChain(params);
    const fork = mineHeader({ on: GENESIS, salt: 9 });
    const isGood = (header: Buffer): boolean => chain.isCheckpointed(chain.find(hashOf(header)) ?? -1);
    grow(chain, [one, fork]);
    expect([GENESIS, one, fork].map(isGood)).toEqual([true, false, false]);
    grow(chain, [two, three]);
    expect([GENESIS, one, two, three, fork].map(isGood)).toEqual([true, true, true, false, false]);
  });

  it('time-timewarp-attack: a period that begins 601 seconds before its parent, under BIP94', () => {
    const params = regtestWith({ retargetInterval: 4, bip94: true });
    const late = mineHeader({ on: two, time: two.readUInt32LE(68) + 3_000 });
    const time = late.readUInt32LE(68);
    const warped = mineHeader({ on: late, time: time - 601 });
    for (const [rules, expected] of [
      [params, 'time-timewarp-attack'],
      [{ ...params, bip94: false }, 'accepted'],
      [{ ...params, retargetInterval: 5 }, 'accepted'],
    ] as const) {
      const chain = newChain(rules);
      grow(chain, [one, two, late]);
      expect(reason(chain.add(warped))).toBe(expected);
      expect(reason(chain.add(mineHeader({ on: late, time: time - 600 })))).toBe('accepted');
    }
  });

  it('bad-prevblk and duplicate-invalid: a child of an invalid block, and that block again', () => {
    const chain = newChain();
    const index = grow(chain, [one, two]);
    chain.invalidate(index);
    expect(reason(chain.add(two))).toBe('duplicate-invalid');
    expect(reason(chain.add(three))).toBe('bad-prevblk');
    expect(displayOf(chain.hashOf(chain.best))).toBe(display(hashOf(one)));
  });

  it('is an orphan without its parent, and accepted afterwards', () => {
    const chain = newChain();
    expect(chain.add(two)).toEqual({ status: 'orphan' });
    expect(chain.add(mineHeader({ on: one, miss: true }))).toMatchObject({ reason: 'high-hash' });
    grow(chain, [one, two]);
  });

  it('follows the rules of the difficulty', () => {
    const params = regtestWith({
      noRetargeting: false,
      minDifficultyBlocks: false,
      retargetInterval: 4,
      targetTimespan: 2_400,
    });
    const chain = newChain(params);
    grow(chain, [one, two, three]);
    // 1,800 of the 2,400 seconds that it should take.
    expect(reason(chain.add(mineHeader({ on: three })))).toBe('bad-diffbits');
    const harder = mineHeader({ on: three, bits: 0x205fffff });
    expect(reason(chain.add(harder))).toBe('accepted');
    expect(reason(chain.add(mineHeader({ on: harder })))).toBe('bad-diffbits');
    expect(reason(chain.add(mineHeader({ on: harder, bits: 0x205fffff })))).toBe('accepted');
  });
});

describe('the best chain', () => {
  it('stays with the first of equals, and switches to more work', () => {
    const chain = newChain();
    const mine = mineHeaders(GENESIS, 3, 1);
    const other = mineHeaders(GENESIS, 4, 2);
    const tip = grow(chain, mine);
    grow(chain, other.slice(0, 3));
    expect(chain.best).toBe(tip);
    const newTip = grow(chain, other.slice(3));
    expect(chain.best).toBe(newTip);
    expect(chain.isMain(tip)).toBe(false);
    expect(chain.forkPoint(tip, newTip)).toBe(0);
    const back = mineHeaders(mine[2] ?? GENESIS, 2, 3);
    grow(chain, back.slice(0, 1));
    expect(chain.best).toBe(newTip);
    const lastTip = grow(chain, back.slice(1));
    expect(chain.best).toBe(lastTip);
    expect(chain.isMain(tip)).toBe(true);
  });

  it('may have fewer blocks, and grow back', () => {
    // Every second block changes the difficulty, so fast chains get harder blocks.
    const params = regtestWith({
      noRetargeting: false,
      minDifficultyBlocks: false,
      retargetInterval: 2,
      targetTimespan: 1_200,
    });
    const chain = newChain(params);
    const start = GENESIS.readUInt32LE(68);
    // Too slow for more than the minimum difficulty.
    const slowOn = (on: Buffer, count: number): Buffer[] => {
      const headers = [on];
      for (let i = 0; i < count; i++)
        headers.push(mineHeader({ on: headers[i] ?? on, time: (headers[i] ?? on).readUInt32LE(68) + 2_400 }));
      return headers.slice(1);
    };
    const slow = slowOn(GENESIS, 8);
    const long = grow(chain, slow);
    const fast: Buffer[] = [mineHeader({ on: GENESIS, time: start + 1 })];
    fast.push(mineHeader({ on: fast[0] ?? GENESIS, time: start + 2, bits: 0x201fffff }));
    fast.push(mineHeader({ on: fast[1] ?? GENESIS, time: start + 3, bits: 0x201fffff }));
    const short = grow(chain, fast);
    expect(chain.best).toBe(short);
    expect(chain.bestHeight).toBe(3);
    expect([long, short].map((index) => chain.isMain(index))).toEqual([false, true]);
    const longer = grow(chain, slowOn(slow[7] ?? GENESIS, 8));
    expect(chain.best).toBe(longer);
    for (let height = 0; height <= 16; height++)
      expect(chain.height(chain.ancestor(longer, height))).toBe(height);
    expect([long, short].map((index) => chain.isMain(index))).toEqual([true, false]);
  });

  it('switches to the best remaining branch when a block turns out to be invalid', () => {
    const chain = newChain();
    const base = mineHeaders(GENESIS, 2);
    grow(chain, base);
    const bad = grow(chain, mineHeaders(base[1] ?? GENESIS, 1, 1));
    const good = grow(chain, mineHeaders(base[1] ?? GENESIS, 1, 2));
    const onBad = mineHeader({ on: mineHeaders(base[1] ?? GENESIS, 1, 1)[0] ?? GENESIS });
    const child = grow(chain, [onBad]);
    chain.invalidate(bad);
    expect(chain.best).toBe(good);
    expect([bad, child, good].map((index) => chain.isInvalid(index))).toEqual([true, true, false]);
    chain.invalidate(good);
    expect(chain.bestHeight).toBe(2);
  });

  it('agrees with a simple model for any tree', () => {
    const shape = fc.array(fc.nat(), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(shape, (picks) => {
        const chain = newChain();
        const headers = [GENESIS];
        const parents = [0];
        const heights = [0];
        let best = 0;
        picks.forEach((pick, i) => {
          // Mostly near the end, so that chains get long.
          const parent = pick % 3 === 0 ? pick % headers.length : headers.length - 1;
          const header = mineHeader({
            on: headers[parent] ?? GENESIS,
            salt: i,
            time: (headers[parent] ?? GENESIS).readUInt32LE(68) + 1 + (pick % 5_000),
          });
          expect(chain.add(header)).toEqual({ status: 'accepted', index: i + 1 });
          headers.push(header);
          parents.push(parent);
          heights.push((heights[parent] ?? 0) + 1);
          if ((heights[i + 1] ?? 0) > (heights[best] ?? 0)) best = i + 1;
        });
        const line = (index: number): number[] => (index === 0 ? [0] : [...line(parents[index] ?? 0), index]);
        expect(chain.best).toBe(best);
        const bestLine = line(best);
        headers.forEach((header, index) => {
          const ancestors = line(index);
          expect(chain.find(hashOf(header))).toBe(index);
          expect(chain.height(index)).toBe(heights[index]);
          expect(chain.work(index)).toBe(2n * BigInt(ancestors.length));
          expect(chain.isMain(index)).toBe(bestLine.includes(index));
          const height = picks[0] === undefined ? 0 : picks[0] % ancestors.length;
          expect(chain.ancestor(index, height)).toBe(ancestors[height]);
          expect(chain.forkPoint(index, best)).toBe(
            ancestors.filter((each) => bestLine.includes(each)).at(-1),
          );
          const times = ancestors.slice(-11).map((each) => (headers[each] ?? GENESIS).readUInt32LE(68));
          expect(chain.medianTime(index)).toBe(times.sort((a, b) => a - b)[times.length >> 1]);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('10,000 headers', () => {
  const headers = mineHeaders(GENESIS, 10_000);
  const chain = newChain();
  grow(chain, headers);

  it('are all found again, and no others', () => {
    expect(chain.size).toBe(10_001);
    headers.forEach((header, i) => expect(chain.find(hashOf(header))).toBe(i + 1));
    expect(chain.find(Buffer.alloc(32))).toBeUndefined();
    expect(chain.indexOf(fakeHash('\xff'.repeat(32)))).toBeUndefined();
    expect(chain.indexOf(readHash(hashOf(headers[5_000] ?? GENESIS), 0))).toBe(5_001);
  });

  it('have a locator that thins out towards the genesis', () => {
    const heights = chain.locator().map((hash) => chain.height(chain.find(hash) ?? -1));
    expect(heights.slice(0, 12)).toEqual([
      10_000, 9_999, 9_998, 9_997, 9_996, 9_995, 9_994, 9_993, 9_992, 9_991, 9_989, 9_985,
    ]);
    expect(heights.at(-1)).toBe(0);
    expect(heights.length).toBeLessThan(30);
    expect(newChain().locator()).toEqual([hashOf(GENESIS)]);
  });
});
