import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Collector, CollectorContext } from '../collector';
import { SERIES_NAMES } from '../schema';

/**
 * How often the delay of the event loop is sampled, in milliseconds; an idle loop's samples are this long. At 10 the sampling
 * itself and a timer of 100 ms took a third of an idle listener's processor time.
 */
const LAG_RESOLUTION_MS = 20;

/** Of what collectors are made from, its part. */
export type BtcdmonContext = Pick<
  CollectorContext,
  'emit' | 'emitted' | 'exporters' | 'mempool' | 'collected'
>;

/** `btcdmon`: the monitor itself, what it emitted, and what its exporters did with that. */
export const btcdmon = ({ emit, emitted, exporters, mempool, collected }: BtcdmonContext): Collector => {
  const started = Date.now();
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  let cpu = process.cpuUsage();
  let since = performance.now();
  return {
    name: 'btcdmon',
    on: {},
    interval: () => {
      const { transactions, withFee } = mempool();
      const used = process.cpuUsage(cpu);
      const elapsedMs = performance.now() - since;
      cpu = process.cpuUsage();
      since = performance.now();
      emit('btcdmon', {
        started,
        // The last interval of a run can be shorter than a sample.
        loop_lag_p99: lag.count === 0 ? undefined : Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS),
        rss: residentBytes(),
        fees_known: transactions === 0 ? undefined : (withFee / transactions) * 100,
        ...collected?.(),
        cpu: ((used.user + used.system) / 1_000 / elapsedMs) * 100,
      });
      lag.reset();
      for (const { name, ...counts } of exporters())
        emit('btcdmon', { started, ...counts }, { exporter: name });
      // Last, and counted before it is emitted: all that a reader must find for it has an earlier time.
      for (const series of SERIES_NAMES) emit('btcdmon', { started, emitted: emitted(series) }, { series });
    },
  };
};

/** Resident memory; undefined where it can't be read, as when no more files may be open: libuv reads it from /proc. */
function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
