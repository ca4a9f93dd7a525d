import type { PolicyName } from '../../src/policy/standardness';
import { parseTransaction, type Transaction } from '../../src/wire/transaction';
import { buildTransaction } from '../wire/build';
import { blockOf, spend, viewOf } from './build';

/** Transactions that a policy calls standard: they spend output `index` of an unknown one. */
function standard(index: number, value = 10_000): Transaction {
  return made(index, value, 2);
}

/** btcd refuses version 3, which Core relays. */
function ofVersion3(index: number): Transaction {
  return made(index, 10_000, 3);
}

function made(prevIndex: number, value: number, version: number): Transaction {
  const script = Buffer.concat([Buffer.from([0, 20]), Buffer.alloc(20, 5)]);
  return parseTransaction(
    buildTransaction({
      version,
      inputs: [{ prevHash: Buffer.alloc(32, 9), prevIndex }],
      outputs: [{ value, script }],
    }),
  );
}

function setUp(options: Parameters<typeof viewOf>[0] = {}, policy: PolicyName = 'btcd') {
  const { view } = viewOf(options);
  return { view, fates: view.fates(policy) };
}

describe('why a transaction is missing', () => {
  it('is that it was never relayed, told apart by what the policy relays', () => {
    expect(setUp().fates.whyMissing(standard(1))).toBe('unseen');
    expect(setUp().fates.whyMissing(ofVersion3(1))).toBe('nonstandard');
    expect(setUp({}, 'core').fates.whyMissing(ofVersion3(1))).toBe('unseen');
    // What was in a block alone was never relayed.
    const { view, fates } = setUp();
    view.confirm(blockOf([standard(1)]));
    expect(fates.whyMissing(standard(1))).toBe('unseen');
  });

  it('is that another one replaced it, or its ancestor, or was there before', () => {
    const { view, fates } = setUp();
    const first = spend([[1, 0]], [900, 50]);
    const child = spend([[first, 0]], [800]);
    const second = spend([[1, 0]], [700]);
    for (const transaction of [first, child, second]) view.add(transaction, 0);
    expect(fates.whyMissing(first)).toBe('replaced');
    expect(fates.whyMissing(child)).toBe('replaced');
    expect(fates.isKept(second)).toBe(true);
    const mined = standard(5);
    view.confirm(blockOf([mined]));
    const late = standard(5, 9_000);
    view.add(late, 0);
    expect(fates.isKept(late)).toBe(false);
    expect(fates.whyMissing(late)).toBe('replaced');
  });

  it('is that a block had another one in conflict with it', () => {
    const { view, fates } = setUp();
    const loser = standard(5);
    view.add(loser, 0);
    view.confirm(blockOf([standard(5, 9_000)]));
    expect(fates.whyMissing(loser)).toBe('replaced');
  });

  it('is that it waited too long, or that the view was full', () => {
    const expiring = setUp({ expiryMs: 100 });
    expiring.view.add(standard(1), 0);
    expiring.view.tick(100);
    expect(expiring.fates.whyMissing(standard(1))).toBe('evicted');
    // Relayed again it is there, and what was before does not count.
    expiring.view.add(standard(1), 200);
    expect(expiring.fates.isKept(standard(1))).toBe(true);
    expiring.view.add(standard(1, 9_000), 201);
    expect(expiring.fates.whyMissing(standard(1))).toBe('replaced');

    const full = setUp({ maxBytes: 2_000 });
    for (let index = 0; index < 20; index++) full.view.add(standard(index), index);
    expect(full.fates.whyMissing(standard(0))).toBe('evicted');
    expect(full.fates.isKept(standard(19))).toBe(true);
  });

  it('is something else where it was relayed with another witness', () => {
    const { view, fates } = setUp();
    const ours = spend([[1, 0]], [900], { witness: 'one' });
    const theirs = spend([[1, 0]], [900], { witness: 'two' });
    expect(theirs.txid).toBe(ours.txid);
    view.add(ours, 0);
    expect([fates.isKept(ours), fates.isKept(theirs)]).toEqual([true, false]);
    expect(fates.whyMissing(theirs)).toBe('other');
  });
});
