import type { Clock } from '../lib/clock';
import { GRID_NS } from '../lib/point-times';
import type { Point } from './point';
import { type FieldsOf, SERIES_NAMES, type SeriesName, type TagsOf } from './schema';

/** Receiver of points; in the program the exporters' queues. */
export interface PointSink {
  /** @param isInbound whether an inbound peer caused the point; when space is short, such points come last */
  push(point: Point, isInbound?: boolean): void;
}

/**
 * Emits a point; called by collectors. `isInbound`: whether an inbound peer caused it, where that is not the
 * one whose message is being handled.
 */
export type Emit = <S extends SeriesName>(
  series: S,
  fields: FieldsOf<S>,
  tags?: TagsOf<S>,
  isInbound?: boolean,
) => void;

/**
 * Emits points that tell of one answer: their times follow one another as closely as times can, so that a
 * reader sees which points belong together, however soon another answer follows.
 */
export type Together = (action: () => void) => void;

/**
 * Turns the values of collectors into points: adds a unique time and the common tags, counts the point, and
 * passes it to the sink. The counts of emitted points, which a database can be compared with, start here.
 */
export class Emitter {
  private readonly counts = new Map<SeriesName, number>(SERIES_NAMES.map((name) => [name, 0]));
  private readonly tagSets = new Map<string, Readonly<Record<string, string>>>();
  /** The least time of the next point of a group that is emitted together; null outside of a group. */
  private nextNs: bigint | null = null;

  constructor(
    private readonly common: { readonly node: string; readonly network?: string },
    private readonly modules: {
      readonly clock: Clock;
      readonly sink: PointSink;
      /** Whether an inbound peer caused the current work. Undefined: never. */
      readonly isInbound?: () => boolean;
    },
  ) {}

  readonly emit: Emit = (series, fields, tags, isInbound = this.modules.isInbound?.() === true) => {
    this.counts.set(series, (this.counts.get(series) ?? 0) + 1);
    const point = { series, time: this.time(), tags: this.tagSet(tags), fields };
    this.modules.sink.push(point, isInbound);
  };

  readonly together: Together = (action) => {
    this.nextNs = 0n;
    try {
      action();
    } finally {
      this.nextNs = null;
    }
  };

  /** Points emitted since the start, per series. */
  emitted(series: SeriesName): number {
    return this.counts.get(series) ?? 0;
  }

  /**
   * A time that no other point has. Each of the clock's times is at least one step later than the one before;
   * so a time one step behind that of the last point is not later than the clock's, and the clock returns it
   * to nobody else.
   */
  private time(): bigint {
    const clockNs = this.modules.clock.uniqueNs();
    if (this.nextNs === null) return clockNs;
    const isFree = this.nextNs > 0n && this.nextNs < clockNs;
    const time = isFree ? this.nextNs : clockNs;
    this.nextNs = time + GRID_NS;
    return time;
  }

  /**
   * Returns one shared object per distinct tag set, because serializers cache by identity. Tags are bounded,
   * and so is this map.
   */
  private tagSet(tags: Record<string, string | undefined> | undefined): Readonly<Record<string, string>> {
    let key = '';
    for (const name in tags) key += `${name}\0${tags[name] ?? ''}\0`;
    let set = this.tagSets.get(key);
    if (set === undefined) {
      const all: Record<string, string> = { ...this.common };
      for (const name in tags) {
        const value = tags[name];
        if (value !== undefined) all[name] = value;
      }
      set = Object.freeze(all);
      this.tagSets.set(key, set);
    }
    return set;
  }
}
