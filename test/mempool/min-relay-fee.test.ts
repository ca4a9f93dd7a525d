import { minRelayFee } from '../../src/mempool/min-relay-fee';

describe('minRelayFee', () => {
  it.each([
    ['btcd', 141, 141],
    ['btcd', 1, 1],
    ['core', 141, 15],
    ['core', 140, 14],
    ['core', 1, 1],
    ['core', 100_000, 10_000],
  ] as const)('%s: %d vB for %d satoshi', (policy, vsize, fee) => {
    expect(minRelayFee(policy, vsize)).toBe(fee);
  });
});
