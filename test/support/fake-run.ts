import type { FieldValue, Point } from '../../src/metrics/point';
import { ACCOUNTED } from '../../src/metrics/collectors/series-account';
import { type SeriesName, seriesOf } from '../../src/metrics/schema';

/**
 * A run of a node as a store holds it, at times that a test chooses: points of any series, and the run's
 * accounts of them in the series `btcdmon`.
 */
export class FakeRun {
  readonly points: Point[] = [];
  private readonly emitted = new Map<SeriesName, number>();
  private ns: bigint;

  constructor(
    private readonly node: string,
    readonly startedMs: number,
    private readonly network = 'regtest',
  ) {
    this.ns = BigInt(startedMs) * 1_000_000n;
  }

  /** The time of the next point, in milliseconds since the run started. */
  at(ms: number): this {
    const ns = BigInt(this.startedMs + ms) * 1_000_000n;
    // Times never go back, as with the program's clock.
    if (ns > this.ns) this.ns = ns;
    return this;
  }

  /** Emits points of a series that have only its first anchor. */
  emit(series: SeriesName, count: number): this {
    const { anchors, columns } = seriesOf(series);
    const [anchor = ''] = anchors;
    const value = columns[anchor]?.type === 'string' ? 'x' : 1;
    for (let i = 0; i < count; i++) this.push(series, { [anchor]: value });
    return this;
  }

  /** Accounts for every series, as at the end of an interval. */
  account(): this {
    for (const series of ACCOUNTED)
      this.push('btcdmon', { started: this.startedMs, emitted: this.emitted.get(series) ?? 0 }, { series });
    return this;
  }

  private push(
    series: SeriesName,
    fields: Record<string, FieldValue>,
    tags: Record<string, string> = {},
  ): void {
    this.emitted.set(series, (this.emitted.get(series) ?? 0) + 1);
    this.points.push({
      series,
      time: this.ns++,
      tags: { node: this.node, network: this.network, ...tags },
      fields,
    });
  }
}
