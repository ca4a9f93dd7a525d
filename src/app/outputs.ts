import { type SpoolSettings, openExports } from '../export/open-exports';
import type { PointQueue } from '../export/point-queue';
import type { SystemClock } from '../lib/clock';
import type { Log } from '../lib/log';
import type { Live } from '../live/live';
import type { ExporterStats } from '../metrics/collector';
import type { PointSink } from '../metrics/emitter';
import type { PageServer } from '../web/page-server';
import type { AlertMonitor } from '../alerts/monitor';
import type { AlertSettings } from './alerting';
import type { LiveWhyAnswers } from '../why/live-why';
import { sinkTo } from './collectors';
import { startServing } from './serving';

/** Exporters must be closed this long after the program began to end. The whole end may take 5 seconds. */
const END_MS = 4_000;

/** Exporters have at least this time, however long everything else took. */
const LEAST_FLUSH_MS = 1_500;

/** Where the points of a program go. */
export interface OutputsOptions {
  /** Name of the node or collector. */
  readonly node: string;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Folder and size of the spools, where points wait on disk for receivers that are away. */
  readonly spools: SpoolSettings;
  /** Age at which the embedded store removes points. */
  readonly retentionMs?: number | undefined;
  /** Receivers of alerts; without it there are none. */
  readonly alerts?: AlertSettings | undefined;
}

export interface OutputsModules {
  readonly clock: SystemClock;
  readonly log: Log;
  readonly page: PageServer | null;
  /** The node's present state; undefined for a program that is no node. */
  readonly live?: Live;
  /** The record that `why` asks; undefined if there is none. */
  readonly why?: LiveWhyAnswers | undefined;
  /** Called when the reader of the points (a pipe) has gone for good. */
  readonly onEnded: () => void;
}

/** The exports of a program, and the servers of the stores among them. */
export interface Outputs {
  readonly queues: readonly PointQueue[];
  /** Takes the points for all exports. */
  readonly sink: PointSink;
  /** URL of the page; null where there is no page. */
  readonly url: string | null;
  readonly exporters: () => ExporterStats[];
  /** The alerts on the first store; null where there is no store. */
  readonly alerts: AlertMonitor | null;
  /** Interrupts running queries, and closes the page. */
  stopServing(): Promise<void>;
  /**
   * Delivers the points that wait, and closes the exports. The servers close before.
   * @param begunMs when the program began to end, on the monotonic clock: it has 5 seconds
   */
  deliver(begunMs: number): Promise<void>;
  /** Logs how many points are lost, for a program that is killed because its end takes too long. */
  killed(): void;
}

/**
 * Opens the exports, and serves the stores among them. To be called before anything makes points, so that no
 * point comes before there is a place for it.
 * @throws UsageError or FailureError where an exporter can't be created or opened
 */
export async function openOutputs(
  { node, exports, spools, retentionMs, alerts }: OutputsOptions,
  { clock, log, page, live, why, onEnded }: OutputsModules,
): Promise<Outputs> {
  const warn = (message: string): void => void log.warn(message);
  const { queues, stores } = await openExports(exports, { clock, warn, env: process.env, spools, onEnded });
  const exporters = (): ExporterStats[] => queues.map((queue) => ({ name: queue.name, ...queue.stats() }));
  const close = async (ms: number): Promise<void> => {
    await Promise.all(queues.map((queue) => queue.close(ms)));
  };
  try {
    const serving = await startServing(
      { node, retentionMs, alerts },
      { stores, stats: exporters, live, why, page, log },
    );
    return {
      queues,
      sink: sinkTo(queues),
      url: serving.url,
      exporters,
      alerts: serving.alerts,
      stopServing: () => serving.close(),
      deliver: (begunMs) => close(Math.max(LEAST_FLUSH_MS, END_MS - (clock.monotonicMs() - begunMs))),
      killed: () => {
        const lost = exporters().reduce((sum, { queued }) => sum + queued, 0);
        const what = lost === 0 ? '' : `; up to ${lost} points that waited in memory are lost`;
        log.error(`the end of the program takes too long, so it is killed${what}`);
      },
    };
  } catch (error) {
    await close(0);
    throw error;
  }
}
