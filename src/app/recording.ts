import { createReadStream } from 'node:fs';
import type { Clock, ClockSteps, SystemClock } from '../lib/clock';
import { EventBus } from '../lib/event-bus';
import type { Log } from '../lib/log';
import { VERSION } from '../lib/version';
import type { MonitorEvents } from '../metrics/collector';
import { originOf } from '../metrics/sessions/origin';
import type { BlockChecks } from '../p2p/compact/block-checks';
import type { FrameWatcher } from '../p2p/frame-watcher';
import type { Pool } from '../p2p/pool';
import { FORMAT_VERSION } from '../record/block';
import type { KnownOrigin } from '../record/known-origins';
import { RecordedBus } from '../record/recorded-bus';
import { Recorder } from '../record/recorder';
import { RecordWriter } from '../record/record-writer';
import type { RecordStart } from '../record/start-record';
import { HEADER_BYTES } from '../wire/header';
import { asnLookup } from './collectors';
import type { AppConfig } from './config';

/** Headers that are read of the file at once. */
const HEADERS_A_RECORD = 2_000;

/** What is recorded, and where. */
export interface RecordSettings {
  readonly directory: string;
  /** The most bytes of all files of the folder. */
  readonly maxBytes: number;
  /** The commands whose messages are recorded; without it all, and what a replay needs besides. */
  readonly only?: readonly string[] | undefined;
}

/** The parts of a listener that record what it does; without `--record` the same parts without that. */
export interface Recording {
  readonly bus: EventBus<MonitorEvents>;
  /** The clock of all that makes points. */
  readonly clock: Clock & ClockSteps;
  /** Unix time in seconds. */
  readonly unixTime: () => number;
  readonly frames: FrameWatcher | undefined;
  /** Records the headers of this file, which the chain has from before. */
  headers(file: string | undefined): Promise<void>;
  /** Runs what connects the parts that make points. */
  setUp<T>(action: () => T): T;
  /** Runs what writes the points of an interval. */
  interval(pool: Pick<Pool, 'addresses'>, action: () => void): void;
  /** Runs what looks for a silent peer. */
  follow(action: () => void): void;
  /** The checks of the chain, whose changes are recorded. */
  checks(inner: BlockChecks, changes: () => number): BlockChecks;
  close(): Promise<void>;
}

/**
 * Opens the recording of a listener.
 * @throws FailureError of one line where the folder can't be written
 */
export async function openRecording(
  config: AppConfig,
  { clock, log }: { readonly clock: SystemClock; readonly log: Log },
): Promise<Recording> {
  const { record } = config;
  return record === undefined ? unrecorded(clock) : Recorded.open(record, config, { clock, log });
}

/** What a listener uses that records nothing. */
function unrecorded(clock: SystemClock): Recording {
  return {
    ...{ bus: new EventBus<MonitorEvents>(), clock, unixTime, frames: undefined },
    headers: () => Promise.resolve(),
    setUp: (action) => action(),
    interval: (_, action) => action(),
    follow: (action) => action(),
    checks: (inner) => inner,
    close: () => Promise.resolve(),
  };
}

function unixTime(): number {
  return Date.now() / 1_000;
}

/** What a map and lists tell of the address `host:port` of a peer. */
function knownOrigins({ asMap, labels }: AppConfig): (address: string) => KnownOrigin {
  const sources = { asnOf: asnLookup(asMap), labels };
  return (address) => {
    const origin = originOf(address, sources);
    return {
      ...(origin.asn === undefined ? {} : { asn: origin.asn }),
      ...(origin.labels.length === 0 ? {} : { labels: origin.labels }),
    };
  };
}

/** The recording of a listener. */
class Recorded implements Recording {
  readonly bus: EventBus<MonitorEvents>;
  readonly clock: Clock & ClockSteps;
  readonly unixTime: () => number;
  readonly frames: FrameWatcher;

  private constructor(
    private readonly recorder: Recorder,
    private readonly writer: RecordWriter,
    private readonly modules: { readonly settings: RecordSettings; readonly log: Log },
  ) {
    this.bus = new RecordedBus<MonitorEvents>(recorder);
    this.clock = recorder.clock;
    this.unixTime = recorder.unixTime;
    this.frames = recorder;
  }

  static async open(
    settings: RecordSettings,
    config: AppConfig,
    { clock, log }: { readonly clock: SystemClock; readonly log: Log },
  ): Promise<Recorded> {
    const { directory, maxBytes, only } = settings;
    const startedMs = Date.now();
    let recorder: Recorder | null = null;
    const start = (): RecordStart & { readonly format: number; readonly peers: readonly object[] } => ({
      ...{ format: FORMAT_VERSION, program: VERSION, network: config.network, node: config.node, startedMs },
      ...{ intervalMs: config.intervalMs, policy: config.policy, maxUserAgents: config.maxUserAgents },
      mempoolBytes: config.mempoolBytes,
      hasAsMap: config.asMap !== undefined,
      labels: config.labels?.all ?? [],
      arrivalsSample: config.arrivalsSample,
      isFull: config.chainDir !== undefined,
      isWhole: only === undefined,
      peers: recorder?.openPeers ?? [],
    });
    const writer = await RecordWriter.open(
      { directory, maxBytes, startedMs, start },
      {
        warn: (message) => log.warn(message),
        monotonicMs: () => clock.monotonicMs(),
        nowNs: () => clock.uniqueNs(),
      },
    );
    recorder = new Recorder(
      { only: only === undefined ? null : new Set(only), originOf: knownOrigins(config) },
      { writer, clock },
    );
    return new Recorded(recorder, writer, { settings, log });
  }

  setUp<T>(action: () => T): T {
    return this.recorder.run('setUp', {}, action);
  }

  interval(pool: Pick<Pool, 'addresses'>, action: () => void): void {
    this.recorder.run('interval', pool.addresses, action);
  }

  follow(action: () => void): void {
    this.recorder.run('follow', {}, action, 0, () => false);
  }

  checks(inner: BlockChecks, changes: () => number): BlockChecks {
    return {
      judgeHeader: (header) => {
        const before = changes();
        const bytes = header.bytes.subarray(header.start, header.start + HEADER_BYTES);
        const judge = (): ReturnType<BlockChecks['judgeHeader']> => inner.judgeHeader(header);
        return this.recorder.run(
          'header',
          { header: bytes.toString('hex') },
          judge,
          0,
          () => changes() !== before,
        );
      },
      isIntact: (block) => inner.isIntact(block),
    };
  }

  async headers(file: string | undefined): Promise<void> {
    if (file === undefined || this.modules.settings.only !== undefined) return;
    const stream = createReadStream(file, { highWaterMark: HEADERS_A_RECORD * HEADER_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      this.recorder.headers(chunk.subarray(0, chunk.length - (chunk.length % HEADER_BYTES)));
      await this.writer.drained();
    }
  }

  async close(): Promise<void> {
    this.recorder.settle();
    await this.writer.close();
    const { dropped, taken, written } = this.writer;
    this.modules.log.info('recorded', {
      ...{ folder: this.modules.settings.directory, bytes: taken, compressed: written },
      dropped: dropped.records,
    });
  }
}
