import { panelCommand, queryCommand } from '../../../src/web/page/command-line';
import { DEFAULT_VIEW, type StoreTimes } from '../../../src/web/page/view';

const times: StoreTimes = { oldestMs: 1, newestMs: 2, nowMs: 3, live: true };

it('writes the command of a panel', () => {
  expect(panelCommand('mempool-size', DEFAULT_VIEW, times)).toBe(
    'btcdmon-node query @mempool-size --since 1h',
  );
  const range = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) };
  expect(panelCommand('ping', { ...DEFAULT_VIEW, range, node: "o'hare", network: 'mainnet' }, times)).toBe(
    'btcdmon-node query @ping --since 2026-01-01T00:00:00.000Z --until 2026-01-02T00:00:00.000Z ' +
      "--where 'node = '\\''o'\\'''\\''hare'\\'' AND network = '\\''mainnet'\\'''",
  );
});

it('writes the command of a query', () => {
  expect(
    queryCommand({
      query: {
        series: 'tx_outputs',
        agg: ['p90', 'value'],
        by: ['script_type', 'node'],
        every: '5m',
        since: '6h',
        where: 'value > 0',
      },
    }),
  ).toBe(
    "btcdmon-node query tx_outputs --agg p90 value --by script_type,node --every 5m --where 'value > 0' --since 6h",
  );
  expect(queryCommand({ query: { series: 'tx', limit: 10 } })).toBe('btcdmon-node query tx --limit 10');
  expect(queryCommand({ raw: "SELECT 'a'" })).toBe("btcdmon-node query --raw 'SELECT '\\''a'\\'''");
});
