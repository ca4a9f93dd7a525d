import type { SystemClock } from '../lib/clock';
import { EventBus } from '../lib/event-bus';
import { type Log, logOutput } from '../lib/log';
import { connectCollectors } from '../metrics/connect-collectors';
import type { CollectorContext, ExporterStats, MonitorEvents } from '../metrics/collector';
import { btcdmon } from '../metrics/collectors/btcdmon';
import { type Emit, Emitter, type PointSink } from '../metrics/emitter';
import { complainTo } from './collectors';

export interface SelfAccountModules {
  readonly clock: SystemClock;
  readonly log: Log;
  readonly sink: PointSink;
  readonly exporters: () => readonly ExporterStats[];
  /** Counts of `btcdmon-node collect`. */
  readonly collected?: CollectorContext['collected'];
}

/** What a program that listens to no peers reports about itself: the series `btcdmon`. */
export function selfAccount(
  tags: { readonly node: string; readonly network?: string; readonly intervalMs: number },
  { clock, log, sink, exporters, collected }: SelfAccountModules,
): { readonly emit: Emit; start(): void; stop(): void } {
  const { node, network, intervalMs } = tags;
  const emitter = new Emitter({ node, ...(network === undefined ? {} : { network }) }, { clock, sink });
  const account = btcdmon({
    intervalMs,
    clockSteps: clock,
    logDropped: () => logOutput().dropped,
    emit: emitter.emit,
    emitted: (series) => emitter.emitted(series),
    exporters,
    mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
    ...(collected === undefined ? {} : { collected }),
  });
  const interval = connectCollectors([account], new EventBus<MonitorEvents>(), complainTo(log));
  let timer: NodeJS.Timeout | undefined;
  return {
    emit: emitter.emit,
    start: () => {
      timer = setInterval(interval, intervalMs);
    },
    stop: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      interval();
    },
  };
}
