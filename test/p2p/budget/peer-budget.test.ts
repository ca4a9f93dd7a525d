import { PeerBudget, sharedBudget, type BudgetVerdict } from '../../../src/p2p/budget/peer-budget';
import type { CountedCommand } from '../../../src/wire/commands';
import { INV_BLOCK, INV_WTX, type InventoryItem } from '../../../src/wire/messages/inventory';
import { fakeHash } from '../../support/fake-hash';

const TX_PER_SECOND = 100;

const budgetOf = (kind: 'inbound' | 'joined' = 'inbound', shared = sharedBudget(TX_PER_SECOND, 0)) =>
  new PeerBudget({ kind, shared, now: 0 });

const items = (type: number, count: number): InventoryItem[] =>
  Array.from({ length: count }, () => ({ type, hash: fakeHash('') }));

/** The verdicts on this many messages that come at once. */
const send = (budget: PeerBudget, count: number, command: CountedCommand, bytes: number): BudgetVerdict[] => {
  const verdicts = Array.from({ length: count }, () => budget.message(command, bytes, 0));
  return [...new Set(verdicts)];
};

/** Charges the points of one requested transaction. */
const ask = (budget: PeerBudget, points: number, now = 0): BudgetVerdict => {
  budget.requested(items(INV_WTX, 1));
  budget.message('tx', 300, now);
  return budget.demand(points, now);
};

describe('the budget of a stranger', () => {
  it('allows an hour of relay of a busy network, and the messages of a block', () => {
    const budget = budgetOf();
    const verdicts = new Set<BudgetVerdict>();
    for (let second = 0; second < 3_600; second++) {
      const now = 1_000 * second;
      verdicts.add(budget.message('inv', 24 + 36 * 100, now));
      for (let i = 0; i < 50; i++) verdicts.add(ask(budget, 8, now));
      if (second % 60 !== 0) continue;
      verdicts.add(budget.message('ping', 32, now));
      verdicts.add(budget.message('cmpctblock', 100_000, now));
      for (let i = 0; i < 2_000; i++) verdicts.add(ask(budget, 8, now));
    }
    expect([...verdicts]).toEqual(['granted']);
  });

  it('allows all headers and blocks that we request', () => {
    const budget = budgetOf();
    for (let i = 0; i < 500; i++) {
      budget.sent('getheaders');
      expect(budget.message('headers', 162_027, 0)).toBe('granted');
    }
    for (let i = 0; i < 1_000; i++) {
      budget.requested(items(INV_BLOCK, 16));
      expect(send(budget, 16, 'block', 2_000_000)).toEqual(['granted']);
    }
  });

  it('allows a thousand block announcements at once, and the inventories of a full mempool', () => {
    const budget = budgetOf();
    expect(send(budget, 10_000, 'headers', 106)).toEqual(['granted']);
    expect(send(budget, 9, 'inv', 24 + 3 + 36 * 1_000)).toEqual(['granted']);
  });

  it('ends a peer that floods small messages, and refills at a rate', () => {
    const budget = budgetOf();
    expect(send(budget, 50_000, 'ping', 32)).toEqual(['granted']);
    expect(budget.message('ping', 32, 0)).toBe('flood');
    expect(budget.message('ping', 32, 10)).toBe('granted');
  });

  it.each<CountedCommand>(['block', 'headers', 'blocktxn', 'tx', 'other'])(
    'ends whoever sends %s without end that nobody asked for',
    (command) => {
      expect(send(budgetOf(), 4, command, 4_000_000)).toEqual(['granted']);
      expect(send(budgetOf(), 5, command, 4_000_000)).toEqual(['granted', 'flood']);
    },
  );

  it('counts a response once', () => {
    const budget = budgetOf();
    budget.requested(items(INV_BLOCK, 1));
    expect(send(budget, 5, 'block', 4_000_000)).toEqual(['granted']);
    expect(budget.message('block', 4_000_000, 0)).toBe('flood');
  });

  it.each<CountedCommand>(['inv', 'getdata', 'notfound'])('sheds %s of more items than are sent', (name) => {
    const budget = budgetOf();
    expect(send(budget, 1, name, 24 + 3 + 36 * 50_000)).toEqual(['shed']);
    expect(send(budget, 1, name, 24 + 3 + 36 * 1_000)).toEqual(['granted']);
    expect(send(budget, 8, name, 24 + 3 + 36 * 50_000)).toEqual(['shed', 'flood']);
  });

  it('allows the transaction with the most outputs if we requested it, and drops it if we did not', () => {
    expect(ask(budgetOf(), 111_115)).toBe('granted');
    const other = budgetOf();
    other.message('tx', 1_000_000, 0);
    expect(other.demand(111_115, 0)).toBe('shed');
    expect(ask(other, 10)).toBe('granted');
  });

  it('drops the points of a flood, then ends it', () => {
    const budget = budgetOf();
    const verdicts = Array.from({ length: 30 }, () => ask(budget, 20_000));
    expect(verdicts.slice(0, 6)).toEqual(Array(6).fill('granted'));
    expect(verdicts.slice(6, 12)).toEqual(Array(6).fill('shed'));
    expect(verdicts.at(-1)).toBe('flood');
  });

  it('allows a quarter as many unrequested points', () => {
    const budget = budgetOf();
    budget.message('tx', 100, 0);
    expect(budget.demand(31_250, 0)).toBe('granted');
    budget.message('tx', 100, 0);
    expect(budget.demand(1, 0)).toBe('shed');
  });

  it('does not limit peers that take little if all inbound peers together take much', () => {
    const shared = sharedBudget(TX_PER_SECOND, 0);
    const honest = budgetOf('inbound', shared);
    const greedy = [1, 2, 3].map(() => budgetOf('inbound', shared));
    const granted = greedy.map((budget) => {
      let count = 0;
      while (count < 100 && ask(budget, 10_000) === 'granted') count++;
      return count;
    });
    // The third gets a tenth of its own budget, in whole transactions.
    expect(granted).toEqual([12, 4, 1]);
    for (let second = 0; second < 100; second++)
      for (let i = 0; i < 50; i++) expect(ask(honest, 8, 1_000 * second)).toBe('granted');
  });

  it('is larger for peers that we chose, and separate from that of inbound peers', () => {
    const shared = sharedBudget(TX_PER_SECOND, 0);
    const joined = budgetOf('joined', shared);
    expect(send(joined, 200_000, 'ping', 32)).toEqual(['granted']);
    for (let i = 0; i < 4; i++) expect(ask(joined, 111_115)).toBe('granted');
    expect(shared.points.left(0)).toBe(shared.points.size.capacity);
  });
});
