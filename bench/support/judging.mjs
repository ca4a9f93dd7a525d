import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { EventBus } = require('../../dist/lib/event-bus.js');
const { Judge } = require('../../dist/mempool/judge.js');
const { tx } = require('../../dist/metrics/collectors/tx.js');

/** Judges transactions by Core's policy, and has the collector of `tx` make points of them. */
export function judging(emit) {
  const bus = new EventBus();
  bus.on('judged', tx({ emit }).on.judged);
  const judge = new Judge('core', { bus, monotonicMs: () => 0 });
  return (transaction) => judge.judge(transaction, undefined, 0);
}
