import type { Collector, CollectorContext } from '../collector';
import { LoopLag } from '../loop-lag';
import { type AccountContext, seriesAccount } from './series-account';

/** A delay of the event loop of at least this long is reported as a stall of the monitor. */
const STALL_MS = 1_000;

/** The parts of the context that this collector needs. */
export type BtcdmonContext = AccountContext &
  Pick<
    CollectorContext,
    'exporters' | 'mempool' | 'collected' | 'intervalMs' | 'logDropped' | 'loopMeasured'
  >;

/** `btcdmon`: the monitor itself, the points that it emitted, and what its exporters did with them. */
export const btcdmon = (context: BtcdmonContext): Collector => {
  const { emit, exporters, mempool, collected, intervalMs, logDropped } = context;
  const started = context.startedMs ?? Date.now();
  const account = seriesAccount({ ...context, startedMs: started });
  const lag = new LoopLag(intervalMs);
  let cpu = process.cpuUsage();
  let since = performance.now();
  let stalled = 0;
  let hasAccounted = false;
  return {
    ...account,
    name: 'btcdmon',
    interval: () => {
      const { transactions, withFee } = mempool();
      const used = process.cpuUsage(cpu);
      const elapsedMs = performance.now() - since;
      cpu = process.cpuUsage();
      since = performance.now();
      // The last interval of a run can be shorter than a sample.
      const loopLag = lag.take();
      const stalledNow = lag.longestMs >= STALL_MS ? Math.round(lag.longestMs) : 0;
      stalled += stalledNow;
      context.loopMeasured?.(loopLag, stalledNow);
      emit('btcdmon', {
        started,
        loop_lag_p99: loopLag,
        stalled,
        rss: residentBytes(),
        fees_known: transactions === 0 ? undefined : (withFee / transactions) * 100,
        log_dropped: logDropped?.(),
        ...collected?.(),
        cpu: ((used.user + used.system) / 1_000 / elapsedMs) * 100,
      });
      for (const { name, ...counts } of exporters()) {
        // What was found at the start is an increase of the count, too.
        if ((counts.damaged ?? 0) > 0 && !hasAccounted)
          emit('btcdmon', { started, damaged: 0 }, { exporter: name });
        emit('btcdmon', { started, ...counts }, { exporter: name });
      }
      hasAccounted = true;
    },
  };
};

/**
 * Resident memory. Undefined if it can't be read: libuv reads it from /proc, which fails when no more files
 * may be open.
 */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
