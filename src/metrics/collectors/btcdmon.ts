import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Collector, CollectorContext } from '../collector';
import { SERIES_NAMES, type SeriesName } from '../schema';

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
  const shed = new Map<SeriesName, number>();
  const addShed = (series: SeriesName, points: number): void =>
    void shed.set(series, (shed.get(series) ?? 0) + points);
  return {
    name: 'btcdmon',
    on: {
      transactionShed: ({ transaction: { inputs, outputs } }) => {
        addShed('tx', 1);
        addShed('tx_inputs', inputs.length);
        addShed('tx_outputs', outputs.length);
      },
    },
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
        rss: process.memoryUsage.rss(),
        fees_known: transactions === 0 ? undefined : (withFee / transactions) * 100,
        ...collected?.(),
        cpu: ((used.user + used.system) / 1_000 / elapsedMs) * 100,
      });
      lag.reset();
      for (const { name, ...counts } of exporters())
        emit('btcdmon', { started, ...counts }, { exporter: name });
      // Last, and counted before it is emitted: all that a reader must find for it has an earlier time.
      for (const series of SERIES_NAMES)
        emit('btcdmon', { started, emitted: emitted(series), shed: shed.get(series) ?? 0 }, { series });
    },
  };
};
