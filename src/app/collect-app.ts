import { SystemClock, describeStep } from '../lib/clock';
import { Batches } from '../collect/batches';
import { Intake } from '../collect/intake';
import { Listener } from '../collect/listener';
import type { LineSource } from '../collect/line-source';
import type * as Nats from '../collect/nats-source';
import { type ListenAddress, formatListenAddress, isLocalAddress } from '../collect/listen-address';
import type { NatsSettings } from '../export/nats/settings';
import type { SpoolSettings } from '../export/open-exports';
import type { Log } from '../lib/log';
import type { AlertSettings } from './alerting';
import { writeAlerts } from './alert-points';
import { openOutputs } from './outputs';
import { type RunningProgram, runningProgram } from './program-end';
import { sayReady } from './say-ready';
import { selfAccount } from './self-account';
import { openPage } from './serving';
import type { HttpSettings } from '../web/settings';

/** The settings of a collector. */
export interface CollectConfig {
  /** Name under which it accounts for itself. */
  readonly node: string;
  /** Export URLs. */
  readonly exports: readonly string[];
  /** Folder and size of the spools, where points wait on disk for receivers that are away. */
  readonly spools: SpoolSettings;
  readonly listen: readonly ListenAddress[];
  /** NATS streams that it reads. */
  readonly from: readonly NatsSettings[];
  /** Name that all collectors have which share the messages of these streams. */
  readonly group: string;
  /** Certificate and key in PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly token: string | null;
  readonly maxConnections: number;
  readonly intervalMs: number;
  /** Where the page is served; without it there is no page. */
  readonly http?: HttpSettings | undefined;
  /** Receivers of alerts; without it there are none. */
  readonly alerts?: AlertSettings | undefined;
}

/**
 * Wires a collector and starts it. Exporters start first, so that no point comes before there is a place for
 * it. Stops in the opposite order.
 * @throws UsageError or FailureError where an exporter or a place to listen can't be opened
 */
export async function startCollect(
  config: CollectConfig,
  { log }: { readonly log: Log },
): Promise<RunningProgram> {
  const clock = new SystemClock();
  const warn = (message: string): void => void log.warn(message);
  clock.onStep((step) => warn(describeStep(step)));
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));

  const page = await openPage(config.http, log);
  const outputs = await openOutputs(config, { clock, log, page, onEnded: () => end() });
  const { queues, exporters, sink } = outputs;
  const closing: ((begunMs: number) => Promise<unknown>)[] = [
    (begunMs) => outputs.deliver(begunMs),
    () => outputs.stopServing(),
  ];
  const stop = async (): Promise<void> => {
    const begunMs = clock.monotonicMs();
    for (const close of closing.splice(0).reverse()) await close(begunMs);
  };
  try {
    // These lines are logged last: if a listening address is refused, that error is the only line.
    const told: (readonly [message: string, details: object])[] = [];
    if (outputs.url !== null) told.push(['showing', { page: outputs.url }]);
    const intake = new Intake({ queues, clock, warn });
    const sources: LineSource[] = [];
    const account = selfAccount(config, {
      ...{ clock, log, exporters, sink },
      collected: () => ({
        received: intake.points,
        refused: intake.refused,
        senders: sources.reduce((sum, { connections }) => sum + connections, 0),
      }),
    });
    writeAlerts(outputs.alerts, account.emit);
    closing.push(() => {
      outputs.alerts?.stop();
      account.stop();
      intake.report();
      return Promise.resolve();
    });
    closing.push(() => Promise.all(sources.map((source) => source.close())));
    const modules = { intake, batches: new Batches(), clock, warn };
    const unprotected: ListenAddress[] = [];
    for (const place of config.listen) {
      const { tls, token, maxConnections } = config;
      const listener = await Listener.open({ address: place, tls, token, maxConnections }, modules);
      sources.push(listener);
      if (token !== null && tls === null && !isLocalAddress(place)) unprotected.push(place);
      told.push([
        'collecting',
        {
          listen: formatListenAddress('path' in place ? place : { ...place, port: listener.port }),
          tls: tls !== null && !('path' in place),
          export: queues.map(({ name }) => name),
        },
      ]);
    }
    for (const settings of config.from) {
      const { group } = config;
      // NATS's packages take memory, so they are loaded only where they are needed.
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      const { NatsSource } = require('../collect/nats-source') as typeof Nats;
      const source = await NatsSource.open({ settings, group }, { intake, clock, warn, env: process.env });
      sources.push(source);
      told.push([
        'collecting',
        {
          from: settings.shown.replace('--from ', ''),
          group,
          export: queues.map(({ name }) => name),
        },
      ]);
    }
    account.start();
    for (const place of unprotected)
      warn(
        `--listen ${formatListenAddress(place)}: without --tls-cert the token and all points can be read on the way`,
      );
    for (const [message, details] of told) sayReady(log, message, details);
  } catch (error) {
    await stop();
    throw error;
  }
  return runningProgram({ ended, stop }, { log, outputs });
}
