import type { SpoolSettings } from '../export/open-exports';
import { SystemClock, describeStep } from '../lib/clock';
import type { Log } from '../lib/log';
import type { HttpSettings } from '../web/settings';
import type { AlertSettings } from './alerting';
import { writeAlerts } from './alert-points';
import { openOutputs } from './outputs';
import { ProgramEnd, type RunningProgram, runningProgram } from './program-end';
import { sayReady } from './say-ready';
import { selfAccount } from './self-account';
import { openPage } from './serving';
import { type CaptureConfig, readCaptureOf } from './capture-reading';
import { type WatchingOptions, startWatching } from './watching';

/** The settings of a program that only watches nodes, by their RPC, a tap or both. */
export interface TapAppConfig extends WatchingOptions {
  /** Name under which it accounts for itself. */
  readonly node: string;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Folder and size of the spools, where points wait on disk for receivers that are away. */
  readonly spools: SpoolSettings;
  readonly retentionMs?: number | undefined;
  /** The capture that is read instead of watching. */
  readonly capture?: CaptureConfig | undefined;
  /** Where the page is served; without it there is no page. */
  readonly http?: HttpSettings | undefined;
  /** Receivers of alerts; without it there are none. */
  readonly alerts?: AlertSettings | undefined;
}

/**
 * Starts a program that watches nodes and is no peer itself. Exporters start first, so that no point comes
 * before there is a place for it. Stops in the opposite order.
 * @throws UsageError or FailureError where an exporter, a port, a node or a capture can't be opened
 */
export async function startTapApp(
  config: TapAppConfig,
  { log }: { readonly log: Log },
): Promise<RunningProgram> {
  const { node, network, intervalMs } = config;
  const clock = new SystemClock();
  clock.onStep((step) => void log.warn(describeStep(step)));
  const ending = new ProgramEnd();
  // A file that is no capture is refused, with one line, before anything else is opened.
  const captured = await config.capture?.open();
  const closing: ((begunMs: number) => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    const begunMs = clock.monotonicMs();
    for (const close of closing.splice(0).reverse()) await close(begunMs);
  };
  try {
    const page = await openPage(config.http, log);
    const outputs = await openOutputs(config, { clock, log, page, onEnded: () => ending.end() });
    const { queues, sink, exporters } = outputs;
    closing.push(
      (begunMs) => outputs.deliver(begunMs),
      () => outputs.stopServing(),
    );
    const account = selfAccount({ node, network, intervalMs }, { clock, log, sink, exporters });
    writeAlerts(outputs.alerts, account.emit);
    const watching = await startWatching(config, { clock, log, sink, fail: (error) => ending.fail(error) });
    const timer = setInterval(() => watching.interval(), intervalMs);
    account.start();
    closing.push(async () => {
      outputs.alerts?.stop();
      clearInterval(timer);
      await watching.stop();
      account.stop();
    });
    if (config.capture !== undefined && captured !== undefined) {
      const stopping = new AbortController();
      const { signal } = stopping;
      const reading = readCaptureOf(config.capture, config, { stream: captured, queues, log, signal });
      closing.push(async () => {
        stopping.abort();
        await reading.catch(() => undefined);
      });
      void reading.then(
        () => ending.end(),
        (error: unknown) => ending.fail(error as Error),
      );
    }
    sayReady(log, config.capture === undefined ? 'watching' : 'reading a capture', {
      network,
      nodes: config.capture === undefined ? watching.nodes : [config.capture.node],
      export: queues.map(({ name }) => name),
      ...(outputs.url === null ? {} : { page: outputs.url }),
    });
    return runningProgram({ ended: ending.ended, stop }, { log, outputs });
  } catch (error) {
    captured?.destroy();
    await stop();
    throw error;
  }
}
