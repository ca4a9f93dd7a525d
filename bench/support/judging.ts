import { EventBus } from '#dist/lib/event-bus';
import { Judge } from '#dist/mempool/judge';
import type { MonitorEvents } from '#dist/metrics/collector';
import { tx } from '#dist/metrics/collectors/tx';
import type { Emit } from '#dist/metrics/emitter';
import type { Transaction } from '#dist/wire/transaction';
import { collectorContext } from './collector-context';

/**
 * Gives a function that judges a transaction by Core's policy and makes its points with the collector of
 * `tx`.
 */
export function judging(emit: Emit): (transaction: Transaction) => void {
  const bus = new EventBus<MonitorEvents>();
  const { judged } = tx(collectorContext(emit)).on;
  if (judged === undefined) throw new Error('the collector of tx does not listen to `judged`');
  bus.on('judged', judged);
  const judge = new Judge('core', { bus, monotonicMs: () => 0 });
  return (transaction) => {
    judge.judge(transaction, undefined, 0);
  };
}
