import { SystemClock } from '../lib/clock';
import { FailureError } from '../lib/errors';
import type { Log } from '../lib/log';
import type { SpoolSettings } from '../export/open-exports';
import type { Point } from '../metrics/point';
import { SERIES_NAMES, type SeriesName } from '../metrics/schema';
import type { Source } from '../query/source';
import { openOutputs, type Outputs } from './outputs';
import type { RecordStart } from '../record/start-record';
import { PointComparison, type PointDifference } from './point-comparison';
import { replay, type ReplaySettings, type ReplaySummary } from './replaying';
import { untilTaken } from './until-taken';

/** A replay, and where its points go. */
export interface ReplayAppConfig extends ReplaySettings {
  /** Export URLs; without any the points are only counted. */
  readonly exports: readonly string[];
  readonly spools: SpoolSettings;
  /** Opens the store that has the points of the run; left out where nothing is compared. */
  readonly compareWith?: (() => Promise<Source>) | undefined;
}

/** What a replay has done. */
export interface ReplayReport {
  readonly summary: ReplaySummary;
  readonly elapsedMs: number;
  /** Points of each series that were made. */
  readonly points: ReadonlyMap<SeriesName, number>;
  /** Points that the store has as well; null where nothing was compared. */
  readonly same: number | null;
  /** The first point that differs. */
  readonly difference: PointDifference | null;
}

/**
 * Replays a recording, exports its points, and compares them with a store. It ends at the first difference.
 * @throws UsageError or FailureError where an exporter, the recording or the store can't be opened
 */
export async function runReplay(
  config: ReplayAppConfig,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<ReplayReport> {
  const clock = new SystemClock();
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  signal.addEventListener('abort', stop, { once: true });
  const source = await config.compareWith?.();
  let outputs: Outputs | null = null;
  try {
    outputs =
      config.exports.length === 0
        ? null
        : await openOutputs({ ...config, node: 'replay' }, { clock, log, page: null, onEnded: stop });
    return await new Replaying(config, { log, outputs, source, ending }).run();
  } finally {
    signal.removeEventListener('abort', stop);
    const begunMs = clock.monotonicMs();
    await outputs?.stopServing();
    await outputs?.deliver(begunMs);
    await source?.close();
  }
}

/** The tags of all points of a run. */
function tagsOf({ node, network }: RecordStart): { readonly node: string; readonly network: string } {
  return { node, network };
}

/** One call of the replay. */
class Replaying {
  private readonly points = new Map<SeriesName, number>(SERIES_NAMES.map((name) => [name, 0]));
  private comparison: PointComparison | null = null;
  private same = 0;
  private difference: PointDifference | null = null;

  constructor(
    private readonly config: ReplayAppConfig,
    private readonly modules: {
      readonly log: Log;
      readonly outputs: Outputs | null;
      readonly source: Source | undefined;
      readonly ending: AbortController;
    },
  ) {}

  async run(): Promise<ReplayReport> {
    const { config, points } = this;
    const { log, ending, outputs, source } = this.modules;
    const began = performance.now();
    const summary = await replay(config, {
      ...{ log, signal: ending.signal },
      sink: (start) => {
        if (source !== undefined && this.comparison !== null)
          throw new FailureError(
            `${config.directory}: has several runs, and --compare takes one; move the files of the others away`,
          );
        if (source !== undefined)
          this.comparison = new PointComparison(source, tagsOf(start), BigInt(start.startedMs) * 1_000_000n);
        return { push: (point) => this.take(point) };
      },
      ready: async () => {
        await this.compare();
        if (outputs !== null) await untilTaken(outputs.queues, ending.signal);
      },
    });
    if (outputs !== null) await untilTaken(outputs.queues, ending.signal, 0);
    await this.compare();
    if (this.difference === null && !ending.signal.aborted)
      this.difference = (await this.comparison?.lacking(summary.untilNs)) ?? null;
    return {
      ...{ summary, points, difference: this.difference, elapsedMs: performance.now() - began },
      same: this.comparison === null ? null : this.same,
    };
  }

  private take(point: Point): void {
    this.points.set(point.series, (this.points.get(point.series) ?? 0) + 1);
    this.comparison?.push(point);
    this.modules.outputs?.sink.push(point);
  }

  private async compare(): Promise<void> {
    if (this.comparison === null || this.difference !== null) return;
    this.difference = await this.comparison.compare();
    this.same = this.comparison.same;
    if (this.difference !== null) this.modules.ending.abort();
  }
}
