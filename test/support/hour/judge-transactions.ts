import { NON_STANDARD_REASONS } from '../../../src/policy/reasons';
import type { Row } from '../stored';
import { HELD_BACK } from './act-gossip';
import { transactionRows } from './expected';
import { sorted } from './rows';
import type { View } from './view';

/** Compares transactions and the relay view with the btcds' mempools and the script. */
export function judgeTransactions(view: View): void {
  it('mempool: equals the btcds’ mempools and what the scripted peer alone had, at every quiet moment', () => {
    const own = view.stage.checkpoints.filter((checkpoint) => checkpoint.policy === view.policy);
    expect(own.map(({ name, stored }) => ({ name, ...stored }))).toEqual(
      own.map(({ name, expected }) => ({ name, ...expected })),
    );
    expect(own.length).toBeGreaterThan(15);
  });

  it('mempool: counts the conflicts, and what the limit held back', async () => {
    expect(
      await view.rows(
        'SELECT sum(double_spend)::INT AS conflicts, sum(tx_rate_limit)::INT AS held FROM mempool',
      ),
    ).toEqual([{ conflicts: view.record.conflicts.length, held: HELD_BACK }]);
  });

  it('mempool: counts what left, by reason, and what the reorganisations lost', async () => {
    const [sums = {}] = await view.rows(
      `SELECT sum(removed_block)::INT AS in_blocks, sum(removed_conflict)::INT AS conflicts,
         sum(removed_replaced)::INT AS replaced, sum(removed_expired + removed_evicted)::INT AS old,
         sum(reorg_lost)::INT AS lost, sum(reorg_returned)::INT AS returned FROM mempool`,
    );
    expect(sums).toMatchObject({ lost: view.record.lost.size, old: 0 });
    expect(Number(sums['returned'])).toBeGreaterThan(0);
    expect(Number(sums['in_blocks'])).toBeGreaterThan(50);
    expect(Number(sums['replaced'])).toBeGreaterThan(0);
    expect(Number(sums['conflicts'])).toBeGreaterThanOrEqual(view.record.reorgs.length);
  });

  it('double_spends: has each conflict', async () => {
    expect(
      await view.rows(
        'SELECT tx_id, conflicts_with, prev_out, fee, other_fee FROM double_spends ORDER BY time',
      ),
    ).toEqual(view.record.conflicts);
    expect(view.record.conflicts).toHaveLength(6);
  });

  describe('each relayed transaction, once', () => {
    const expected = () =>
      [...view.record.relayed.values()].map((each) => transactionRows(each, view.policy));

    it.each(['tx', 'tx_inputs', 'tx_outputs', 'tx_fees'] as const)('%s', async (series) => {
      const all: readonly Row[] = expected().flatMap((each) => {
        if (series === 'tx') return [each.tx];
        if (series === 'tx_inputs') return each.inputs;
        if (series === 'tx_outputs') return each.outputs;
        return each.fees === undefined ? [] : [each.fees];
      });
      const columns = Object.keys(all[0] ?? {}).join();
      expect(sorted(await view.rows(`SELECT ${columns} FROM ${series}`))).toEqual(sorted(all));
    });

    it('for every reason that the policy has', async () => {
      const found = await view.rows(
        'SELECT DISTINCT non_standard_reason AS reason FROM tx WHERE NOT is_standard ORDER BY 1',
      );
      const core = ['bare-multisig', 'datacarrier', 'multi-op-return'];
      const of = NON_STANDARD_REASONS.filter((reason) =>
        view.policy === 'core' ? !core.includes(reason) : reason !== 'TRUC-violation',
      );
      expect(found.map(({ reason }) => reason)).toEqual([...of].sort());
    });
  });
}
