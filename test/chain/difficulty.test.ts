import Chain from 'bcoin/lib/blockchain/chain';
import * as consensus from 'bcoin/lib/protocol/consensus';
import fc from 'fast-check';
import { type Ancestry, requiredBits, retarget } from '../../src/chain/difficulty';
import { CHAIN_PARAMS, type ChainParams } from '../../src/chain/params';
import { decodeCompactTarget } from '../../src/chain/compact-target';
import { regtestWith } from './mine';

interface Entry {
  readonly height: number;
  readonly time: number;
  readonly bits: number;
}

/** A chain without forks, where an index is a height. */
function ancestry(entries: readonly Entry[]): Ancestry {
  const at = (index: number): Entry => {
    const entry = entries[index];
    if (entry === undefined) throw new Error(`no entry ${index}`);
    return entry;
  };
  return {
    parent: (index) => index - 1,
    height: (index) => at(index).height,
    time: (index) => at(index).time,
    bits: (index) => at(index).bits,
    ancestor: (_, height) => at(height).height,
  };
}

/** bcoin's chain with these rules and entries. */
function bcoinChain(params: ChainParams, entries: readonly Entry[]): Chain.Context {
  const pow = {
    limit: consensus.fromCompact(params.powLimitBits),
    bits: params.powLimitBits,
    targetTimespan: params.targetTimespan,
    targetSpacing: params.targetSpacing,
    retargetInterval: params.retargetInterval,
    targetReset: params.minDifficultyBlocks,
    noRetargeting: params.noRetargeting,
  };
  const chain: Chain.Context = {
    network: { pow },
    getPrevCache: () => null,
    getPrevious: (entry) => Promise.resolve(entries[entry.height - 1] ?? null),
    getAncestor: (_, height) => Promise.resolve(entries[height] ?? null),
    retarget: (prev, first) => Chain.prototype.retarget.call(chain, prev, first),
  };
  return chain;
}

const PERIOD = 8;
const SHORT = { targetTimespan: PERIOD * 600, retargetInterval: PERIOD };
const RULES: readonly (readonly [string, ChainParams])[] = [
  ['mainnet’s rules', { ...CHAIN_PARAMS.mainnet, ...SHORT }],
  ['testnet3’s', { ...CHAIN_PARAMS.testnet3, ...SHORT }],
  ['signet’s', { ...CHAIN_PARAMS.signet, ...SHORT }],
  ['simnet’s', { ...CHAIN_PARAMS.simnet, ...SHORT }],
  ['regtest’s', regtestWith(SHORT)],
];

describe('retarget', () => {
  // Bitcoin Core src/test/pow_tests.cpp
  it.each([
    ['mainnet’s first change, at 32,256', 0x1d00ffff, 1_262_152_739 - 1_261_130_161, 0x1d00d86a],
    ['the limit', 0x1d00ffff, 1_233_061_996 - 1_231_006_505, 0x1d00ffff],
    ['at most four times as hard', 0x1c05a3f4, 1_279_297_671 - 1_279_008_237, 0x1c0168fd],
    ['at most four times as easy', 0x1c387f6f, 1_269_211_443 - 1_263_163_443, 0x1d00e1fd],
    ['time that ran backwards', 0x1c05a3f4, -1_000_000, 0x1c0168fd],
  ])('knows %s', (_, bits, timespan, expected) => {
    expect(retarget(CHAIN_PARAMS.mainnet, bits, timespan)).toBe(expected);
  });
});

describe('requiredBits', () => {
  it.each(RULES)('requires what bcoin’s chain requires, by %s', async (_, params) => {
    const steps = fc.array(fc.integer({ min: -600, max: 4_000 }), {
      minLength: PERIOD * 6,
      maxLength: PERIOD * 9,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (seconds) => {
        const entries: Entry[] = [{ height: 0, time: 1_600_000_000, bits: params.powLimitBits }];
        for (const step of seconds) {
          const parent = entries[entries.length - 1] ?? { height: 0, time: 0, bits: 0 };
          const time = parent.time + step;
          const ours = requiredBits(params, ancestry(entries), parent.height, time);
          const bcoins = await Chain.prototype.getTarget.call(bcoinChain(params, entries), time, parent);
          expect(ours).toBe(bcoins);
          entries.push({ height: parent.height + 1, time, bits: ours });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes the difficulty of a period from its first block under BIP94', () => {
    const params = { ...CHAIN_PARAMS.testnet4, ...SHORT };
    const hard = 0x1c05a3f4;
    // A last block of minimum difficulty would reset the difficulty for good on testnet3.
    const entries = Array.from({ length: PERIOD * 2 }, (_, height) => ({
      height,
      time: 1_600_000_000 + height * 600,
      bits: height === PERIOD * 2 - 1 ? params.powLimitBits : hard,
    }));
    const next = (rules: ChainParams): number =>
      requiredBits(rules, ancestry(entries), PERIOD * 2 - 1, 1_600_000_000 + PERIOD * 1_200);
    const timespan = (PERIOD - 1) * 600;
    expect(next(params)).toBe(retarget(params, hard, timespan));
    expect(decodeCompactTarget(next(params))).toBeLessThan(decodeCompactTarget(hard) ?? 0n);
    expect(next({ ...params, bip94: false })).toBe(retarget(params, params.powLimitBits, timespan));
  });

  it('applies the 20-minute rule to the second', () => {
    const params = { ...CHAIN_PARAMS.testnet3, ...SHORT };
    const entries = [0, 1, 2].map((height) => ({ height, time: 1_000 + height, bits: 0x1c05a3f4 }));
    const chain = ancestry(entries);
    expect(requiredBits(params, chain, 2, 1_002 + 1_200)).toBe(0x1c05a3f4);
    expect(requiredBits(params, chain, 2, 1_002 + 1_201)).toBe(0x1d00ffff);
    expect(requiredBits(CHAIN_PARAMS.mainnet, chain, 2, 1_002 + 1_201)).toBe(0x1c05a3f4);
  });
});
