import { EventBus } from '../../src/lib/event-bus';
import { Judge } from '../../src/mempool/judge';
import { type CollectorFactory, type MonitorEvents } from '../../src/metrics/collector';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import { addrRelay } from '../../src/metrics/collectors/addr-relay';
import { bandwidth } from '../../src/metrics/collectors/bandwidth';
import { inv } from '../../src/metrics/collectors/inv';
import { msgRecv } from '../../src/metrics/collectors/msg-recv';
import { msgSent } from '../../src/metrics/collectors/msg-sent';
import { peers } from '../../src/metrics/collectors/peers';
import { ping } from '../../src/metrics/collectors/ping';
import { propagation } from '../../src/metrics/collectors/propagation';
import { rejects } from '../../src/metrics/collectors/rejects';
import { tx } from '../../src/metrics/collectors/tx';
import { Emitter } from '../../src/metrics/emitter';
import type { Point } from '../../src/metrics/point';
import type { FieldsOf, SeriesName } from '../../src/metrics/schema';
import { tapCollector } from '../../src/tap/tap-collector';
import type { TapEvents } from '../../src/tap/tap-events';
import { TapMonitor } from '../../src/tap/tap-monitor';

const COLLECTORS: readonly CollectorFactory[] = [
  bandwidth,
  msgRecv,
  msgSent,
  peers,
  inv,
  addrRelay,
  ping,
  rejects,
  tx,
  propagation,
];

/** A node that is watched by a tap or by a capture alone, and its points. */
export interface TapNode {
  readonly monitor: TapMonitor;
  readonly bus: EventBus<MonitorEvents>;
  readonly points: readonly Point[];
  /** Faults of collectors. */
  readonly complaints: readonly string[];
  /** Writes the points of the interval that ends now. */
  readonly interval: () => void;
  /** The fields of all points of a series, in their order. */
  readonly fields: <S extends SeriesName>(series: S) => FieldsOf<S>[];
  /** The sum of a column over all points of a series. */
  readonly sum: (series: SeriesName, column: string) => number;
}

/** Watches a node by the events of a tap. */
export function watchTap(
  tap: EventBus<TapEvents>,
  options: {
    readonly clock?: { uniqueNs(): bigint; monotonicMs(): number };
    /** Whether the tap tells of transactions; default yes. */
    readonly judges?: boolean;
  } = {},
): TapNode {
  let ns = 0n;
  const clock = options.clock ?? { uniqueNs: () => ++ns, monotonicMs: () => performance.now() };
  const bus = new EventBus<MonitorEvents>();
  const points: Point[] = [];
  const complaints: string[] = [];
  const complain = (name: string, error: unknown): void => void complaints.push(`${name}: ${String(error)}`);
  const emitter = new Emitter(
    { node: 'btcd', network: 'regtest' },
    { clock, sink: { push: (point) => points.push(point) } },
  );
  const judge = options.judges === false ? null : new Judge('btcd', { bus });
  const monitor = new TapMonitor({ tap, bus, clock, judge, complain });
  const interval = connectCollectors(
    [
      ...COLLECTORS.map((create) =>
        create({
          emit: emitter.emit,
          policy: 'btcd',
          isWatched: true,
          maxUserAgents: 10,
          intervalMs: 5_000,
          monotonicMs: monitor.monotonicMs,
          unixTime: () => clock.monotonicMs() / 1_000,
          emitted: (series) => emitter.emitted(series),
          exporters: () => [],
          addresses: () => ({ banned: 0 }),
          mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
        }),
      ),
      tapCollector(emitter.emit, tap),
    ],
    bus,
    complain,
  );
  const of = (series: SeriesName): Point[] => points.filter((point) => point.series === series);
  return {
    monitor,
    bus,
    points,
    complaints,
    interval,
    fields: <S extends SeriesName>(series: S) => of(series).map(({ fields }) => fields as FieldsOf<S>),
    sum: (series, column) => of(series).reduce((sum, { fields }) => sum + Number(fields[column] ?? 0), 0),
  };
}
