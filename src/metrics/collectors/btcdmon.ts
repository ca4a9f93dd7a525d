import type { Collector, CollectorContext } from '../collector';
import { LoopLag } from '../loop-lag';
import { SERIES_NAMES, type SeriesName } from '../schema';

/** A delay of the event loop of at least this long is reported as a stall of the monitor. */
const STALL_MS = 1_000;

/** The parts of the context that this collector needs. */
export type BtcdmonContext = Pick<
  CollectorContext,
  'emit' | 'emitted' | 'exporters' | 'mempool' | 'collected' | 'intervalMs' | 'clockSteps' | 'logDropped'
>;

/** `btcdmon`: the monitor itself, the points that it emitted, and what its exporters did with them. */
export const btcdmon = (context: BtcdmonContext): Collector => {
  const { emit, emitted, exporters, mempool, collected, intervalMs, clockSteps, logDropped } = context;
  const started = Date.now();
  const lag = new LoopLag(intervalMs);
  let cpu = process.cpuUsage();
  let since = performance.now();
  const shed = new Map<SeriesName, number>();
  const addShed = (series: SeriesName, points: number): void =>
    void shed.set(series, (shed.get(series) ?? 0) + points);
  let steps = 0;
  let stalled = 0;
  let hasAccounted = false;
  // At once: it is the first point after the step.
  clockSteps?.onStep(({ ms, isFollowed }) => {
    if (isFollowed) emit('btcdmon', { started, clock_step: ms, clock_steps: ++steps });
  });
  const account = (): void => {
    for (const series of SERIES_NAMES)
      emit('btcdmon', { started, emitted: emitted(series), shed: shed.get(series) ?? 0 }, { series });
  };
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
      // The last interval of a run can be shorter than a sample.
      const loopLag = lag.take();
      if (lag.longestMs >= STALL_MS) stalled += Math.round(lag.longestMs);
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
    // Counted before it is emitted: all points that a reader must find for it have an earlier time. A step of
    // the clock between the two would break that.
    account: () => {
      if (clockSteps === undefined) account();
      else clockSteps.withoutSteps(account);
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
