import { createReadStream } from 'node:fs';
import type { Clock, ClockSteps, SystemClock } from '../lib/clock';
import type { EventBus } from '../lib/event-bus';
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
import type { Recording, RecordSettings } from './recording';

/** Headers that are read from the file at once. */
const HEADERS_A_RECORD = 2_000;

/** The recording of a listener. */
export class Recorded implements Recording {
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
    this.recorder.run('follow', {}, action, () => false);
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
          () => changes() !== before,
        );
      },
      isRecent: (header) => inner.isRecent(header),
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
