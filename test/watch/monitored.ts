import { type Clock, SystemClock } from '../../src/lib/clock';
import { EventBus } from '../../src/lib/event-bus';
import { type Timer, systemTimer } from '../../src/lib/timer';
import type { MonitorEvents } from '../../src/metrics/collector';
import { connectCollectors } from '../../src/metrics/connect-collectors';
import { Emitter } from '../../src/metrics/emitter';
import type { Point } from '../../src/metrics/point';
import type { SeriesName } from '../../src/metrics/schema';
import { namesOf, tagProblem, valueProblem } from '../../src/metrics/values';
import { NodeMonitor, type NodeMonitorOptions } from '../../src/watch/node-monitor';
import type { NodePlace } from '../../src/watch/node-place';
import { NODE_COLLECTORS } from '../../src/metrics/collectors/list';

export type Fields = Point['fields'];

/** A watched node, and all that is written of it. */
export interface Monitored {
  readonly monitor: NodeMonitor;
  readonly bus: EventBus<MonitorEvents>;
  readonly listenerBus: EventBus<MonitorEvents>;
  readonly points: Point[];
  readonly lines: string[];
  /** The points of a series, in order. */
  readonly of: (series: SeriesName) => Point[];
  /** The columns that have a value, of each point of a series. */
  readonly fieldsOf: (series: SeriesName) => Fields[];
  /** Ends the interval, and returns the points that this writes. */
  readonly interval: () => Point[];
}

/** Watches a node with the collectors that its bus feeds. It is not started. */
export function monitored(
  place: NodePlace,
  options: Partial<NodeMonitorOptions> & { readonly clock?: Clock; readonly timer?: Timer } = {},
): Monitored {
  const { clock = new SystemClock(), timer = systemTimer, ...rest } = options;
  const points: Point[] = [];
  const lines: string[] = [];
  const bus = new EventBus<MonitorEvents>();
  const listenerBus = new EventBus<MonitorEvents>();
  const push = (point: Point): void => {
    const names = namesOf(point.series);
    const problems = Object.entries(point.fields).map(([name, value]) =>
      value === undefined ? null : valueProblem(point.series, name, names.columns.get(name), value),
    );
    const problem = [tagProblem(point.series, point.tags, names), ...problems].find((one) => one !== null);
    if (problem !== undefined) throw new Error(problem.detail);
    points.push(point);
  };
  const { emit, emitted, together } = emitterOf(push, clock);
  const settings = { network: 'regtest', policy: 'btcd', maxUserAgents: 200, ...rest } as const;
  const monitor = new NodeMonitor(place, settings, {
    ...{ emit, together, bus, listenerBus, clock, timer },
    info: (line) => lines.push(`info ${line}`),
    warn: (line) => lines.push(`warn ${line}`),
  });
  const context = {
    ...{ emit, emitted, policy: settings.policy, maxUserAgents: 200, intervalMs: 1_000 },
    monotonicMs: () => clock.monotonicMs(),
    unixTime: () => clock.monotonicMs() / 1_000,
    exporters: () => [],
    addresses: () => ({ banned: 0 }),
    mempool: () => ({ transactions: 0, bytes: 0, withFee: 0, orphans: 0 }),
  };
  connectCollectors(
    NODE_COLLECTORS.map((create) => create(context)),
    bus,
    (name, error) => lines.push(`fault ${name}: ${String(error)}`),
  );
  const of = (series: SeriesName): Point[] => points.filter((point) => point.series === series);
  return {
    ...{ monitor, bus, listenerBus, points, lines, of },
    fieldsOf: (series) => of(series).map(({ fields }) => withValue(fields)),
    interval: () => {
      const before = points.length;
      monitor.interval();
      return points.slice(before);
    },
  };
}

function emitterOf(push: (point: Point) => void, clock: Clock) {
  const emitter = new Emitter({ node: 'btcd', network: 'regtest' }, { clock, sink: { push } });
  const { emit, together } = emitter;
  return { emit, together, emitted: emitter.emitted.bind(emitter) };
}

function withValue(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
