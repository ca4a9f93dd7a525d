import path from 'node:path';
import { outputOf } from '../program';
import type { View } from './view';

/** Replays what the listener has recorded. The story is played before. */
export function judgeRecording(view: View): void {
  it('has a recording that gives the same points, bit by bit', async () => {
    const { recording, store } = view.listener;
    const output = await outputOf(['replay', recording, '--compare', `duckdb:${store}`], path.dirname(store));
    const points = await view.value(
      `SELECT sum(n) FROM (${['tx', 'tx_inputs', 'tx_outputs', 'processed_blocks', 'propagation']
        .map((series) => `SELECT count(*) AS n FROM ${series}`)
        .join(' UNION ALL ')})`,
    );
    const same = Number(/^(\d+) points are the same as in the store; none differs$/m.exec(output)?.[1]);
    expect(same).toBeGreaterThan(Number(points));
  });
}
