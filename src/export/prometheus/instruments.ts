import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Point } from '../../metrics/point';
import { COMMON_TAGS, SERIES_NAMES, type SeriesName } from '../../metrics/schema';
import { type Metric, metricsOf, splitOf } from './names';

/**
 * Buckets of the histograms in seconds: from the check of a transaction to the half minute of collected
 * announcements.
 */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Buckets of what takes minutes or hours in seconds: from a second to a day. */
const LONG_BUCKETS = [
  1, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400,
];

/** Columns of what takes minutes or hours. */
const LONG: ReadonlySet<string | null> = new Set(['delay_confirmed', 'duration']);

type Labels = Record<string, string>;

/** Updates one metric with the value of one column. */
type Feed = (value: number | boolean, labels: Labels) => void;

interface Plan {
  /** Counts points; null where the series has no events. */
  readonly points: Counter | null;
  /** The text column that points are counted by. */
  readonly split: string | undefined;
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Shows the time of the last point; null for most series. */
  readonly stamp: Gauge | null;
  /** Whether some fields are facts of an event. */
  readonly hasFacts: (fields: Point['fields']) => boolean;
}

/** Registers every metric of the schema, and updates them with points. */
export class Instruments {
  private readonly plans: ReadonlyMap<SeriesName, Plan>;
  /**
   * Functions that set the counters and histograms without their own labels to 0, and the nodes for which
   * that was done.
   */
  private readonly beginnings = new Map<string, (labels: Labels) => void>();
  private readonly begun = new Set<string>();
  /** Counters by name: the columns for commands share one. */
  private readonly counters = new Map<string, Counter>();

  constructor(private readonly registry: Registry) {
    this.plans = new Map(SERIES_NAMES.map((series) => [series, this.planOf(series)]));
  }

  /** Takes a point; false if the schema does not have its series. */
  take({ series, time, tags, fields }: Point): boolean {
    const plan = this.plans.get(series);
    if (plan === undefined) return false;
    if (series === 'btcdmon') this.begin(tags);
    plan.stamp?.set(tags, Number(time) / 1e9);
    if (plan.points !== null && plan.hasFacts(fields)) {
      const value = plan.split === undefined ? undefined : fields[plan.split];
      plan.points.inc(
        plan.split === undefined || typeof value !== 'string' ? tags : { ...tags, [plan.split]: value },
      );
    }
    for (const name in fields) {
      const value = fields[name];
      if (value !== undefined && typeof value !== 'string') plan.feeds.get(name)?.(value, tags);
    }
    return true;
  }

  /**
   * Sets the counters and histograms of a node to 0. Prometheus sees no increase in the first value of a
   * counter: without the 0 it would miss the first reorganisation.
   */
  private begin(tags: Point['tags']): void {
    const id = nodeOf(tags);
    if (this.begun.has(id)) return;
    this.begun.add(id);
    const labels: Labels = {};
    for (const tag of Object.keys(COMMON_TAGS)) if (tags[tag] !== undefined) labels[tag] = tags[tag];
    for (const begin of this.beginnings.values()) begin(labels);
  }

  private planOf(series: SeriesName): Plan {
    const metrics = metricsOf(series);
    const feeds = new Map<string, Feed>();
    let points: Counter | null = null;
    let stamp: Gauge | null = null;
    for (const metric of metrics) {
      if (metric.does === 'stamp') stamp = this.gauge(metric);
      else if (metric.column === null) points = this.counter(metric);
      else feeds.set(metric.column, this.feedOf({ ...metric, does: metric.does }));
    }
    const gauges = new Set(
      metrics.filter(({ does }) => does === 'set' || does === 'follow').map(({ column }) => column),
    );
    return {
      points,
      split: splitOf(series),
      feeds,
      stamp,
      hasFacts: (fields) =>
        Object.keys(fields).some((name) => fields[name] !== undefined && !gauges.has(name)),
    };
  }

  /** The feed of a metric that has a column. */
  private feedOf(metric: Metric & { readonly does: Exclude<Metric['does'], 'stamp'> }): Feed {
    const { fixed, scale, does } = metric;
    const isFixed = Object.keys(fixed).length > 0;
    const labelled = (labels: Labels): Labels => (isFixed ? { ...labels, ...fixed } : labels);
    switch (does) {
      case 'add': {
        const counter = this.counter(metric);
        return (value, labels) => {
          // Prometheus' counters never fall; no value that is added here is negative. One with labels begins
          // at 0, too.
          if (Number(value) >= 0) counter.inc(labelled(labels), Number(value) * scale);
        };
      }
      case 'tally': {
        const counter = this.counter(metric);
        return (value, labels) => {
          if (value === true) counter.inc(labelled(labels));
        };
      }
      case 'follow': {
        const counter = this.counter(metric);
        const last = new Map<string, number>();
        return (value, labels) => {
          const key = JSON.stringify(labels);
          const now = Number(value);
          const before = last.get(key) ?? 0;
          last.set(key, now);
          // A lower value is of another run of the node, which began at 0.
          counter.inc(labelled(labels), (now >= before ? now - before : now) * scale);
        };
      }
      case 'set': {
        const gauge = this.gauge(metric);
        return (value, labels) => gauge.set(labelled(labels), Number(value) * scale);
      }
      case 'observe': {
        const { name, help, labels: labelNames } = metric;
        const buckets = LONG.has(metric.column) ? LONG_BUCKETS : BUCKETS;
        const histogram = new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
        if (!isPlain(labelNames)) return (value, labels) => histogram.observe(labels, Number(value) * scale);
        const observed = new Set<string>();
        this.beginnings.set(name, (labels) => {
          // `zero` would reset a histogram that has observed values.
          if (!observed.has(nodeOf(labels))) histogram.zero(labels);
        });
        return (value, labels) => {
          observed.add(nodeOf(labels));
          histogram.observe(labels, Number(value) * scale);
        };
      }
    }
  }

  private gauge({ name, help, labels: labelNames }: Metric): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  /** The counter of a metric. */
  private counter({ name, help, labels: labelNames }: Metric): Counter {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const counter = new Counter({ name, help, labelNames, registers: [this.registry] });
    this.counters.set(name, counter);
    if (isPlain(labelNames)) this.beginnings.set(name, (labels) => counter.inc(labels, 0));
    return counter;
  }
}

function isPlain(labelNames: readonly string[]): boolean {
  return labelNames.every((name) => name in COMMON_TAGS);
}

/** Identifies the node of some tags. */
function nodeOf(tags: Labels): string {
  return Object.keys(COMMON_TAGS)
    .map((tag) => tags[tag] ?? '')
    .join('\n');
}
