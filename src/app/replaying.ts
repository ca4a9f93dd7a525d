import { setTimeout as sleep } from 'node:timers/promises';
import { FailureError } from '../lib/errors';
import type { Log } from '../lib/log';
import type { PointSink } from '../metrics/emitter';
import { RecordError } from '../record/fact';
import type { RecordFile } from '../record/file-names';
import { filesOf } from '../record/frame-list';
import { KIND, readRecords, type StoredRecord } from '../record/record';
import { readBlocks } from '../record/record-reader';
import type { Replayer } from '../record/replayer';
import { type RecordStart, readStart, type StartPeer } from '../record/start-record';
import { type ReplayPipeline, replayPipeline } from './replay-pipeline';

/** Shorter waits are left out: a timer takes a millisecond. */
const LEAST_WAIT_MS = 2;

/** What is replayed, and how fast. */
export interface ReplaySettings {
  readonly directory: string;
  /** Speed relative to the recording; Infinity for as fast as possible. */
  readonly speed: number;
}

export interface ReplayModules {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Receives the points of a run. */
  readonly sink: (start: RecordStart) => PointSink;
  /** Awaited after each block of records, so that reading waits for points. */
  readonly ready: () => Promise<void>;
}

/** The result of a replay. */
export interface ReplaySummary {
  readonly runs: number;
  readonly counts: Replayer['counts'];
  /** Milliseconds from the first record to the last, of all runs together. */
  readonly recordedMs: number;
  /** Places where the files are damaged, apart from an end that was cut off. */
  readonly damaged: number;
  /** Readings of the clock that the replay needed and the recording lacks. */
  readonly invented: number;
  readonly startedNs: bigint;
  readonly untilNs: bigint;
}

/**
 * Replays the recordings of a folder, run after run, through the parts of a listener that make points.
 * @throws FailureError of one line where there is no recording, or it can't be read or replayed
 */
export async function replay(settings: ReplaySettings, modules: ReplayModules): Promise<ReplaySummary> {
  const { directory } = settings;
  const files = await filesOf(directory);
  const run = new ReplayOfFolder(settings, modules);
  for (const file of files) {
    if (modules.signal.aborted) break;
    await run.file(file);
  }
  return run.summary();
}

/** The replay of the files of a folder. */
class ReplayOfFolder {
  private run = '';
  private number = 0;
  private runs = 0;
  private pipeline: ReplayPipeline | null = null;
  private readonly finished: Replayer['counts'] = { records: 0, messages: 0, bytes: 0, wrong: 0, dropped: 0 };
  private invented = 0;
  private damaged = 0;
  private recordedMs = 0;
  private startedNs = 0n;
  private firstNs: bigint | null = null;
  private lastNs = 0n;
  private beganAt = performance.now();

  constructor(
    private readonly settings: ReplaySettings,
    private readonly modules: ReplayModules,
  ) {}

  async file(file: RecordFile): Promise<void> {
    const { log, signal, ready } = this.modules;
    if (file.run !== this.run) this.endRun();
    else if (file.number !== this.number + 1) this.warnLost(file.path);
    this.number = file.number;
    let isFirst = true;
    for await (const found of readBlocks(file.path, file.path)) {
      if (signal.aborted) return;
      if (found.kind === 'damage') {
        if (!found.isEnd) this.damaged += 1;
        log.warn(found.isEnd ? 'the file ends in the middle of a block' : 'damaged bytes were skipped', {
          ...{ file: file.path, offset: found.offset, bytes: found.bytes },
        });
        continue;
      }
      const records: StoredRecord[] = [];
      const isSound = readRecords(found.raw, found.head.timeNs, (record) => records.push(record));
      if (!isSound) this.damaged += 1;
      if (isFirst) this.begin(file, records[0]);
      isFirst = false;
      if (this.settings.speed === Infinity) this.takeAll(records);
      else await this.takeInTime(records);
      await ready();
    }
  }

  summary(): ReplaySummary {
    this.endRun();
    const { runs, finished: counts, recordedMs, damaged, invented, startedNs, lastNs: untilNs } = this;
    return { runs, counts, recordedMs, damaged, invented, startedNs, untilNs };
  }

  private begin(file: RecordFile, record: StoredRecord | undefined): void {
    if (this.pipeline !== null && file.run === this.run) return;
    const { start, peers } = readFirst(file, record);
    if (!start.isWhole)
      throw new FailureError(
        `${file.path}: was recorded with --only, which leaves out what a replay needs; look at it with frames`,
      );
    if (start.isFull)
      this.modules.log.warn('the run validated blocks with the whole chain, and a replay does not', {
        file: file.path,
      });
    this.run = file.run;
    this.runs += 1;
    if (this.runs === 1) this.startedNs = BigInt(start.startedMs) * 1_000_000n;
    this.firstNs = null;
    this.pipeline = replayPipeline(start, { sink: this.modules.sink(start), log: this.modules.log });
    this.pipeline.replayer.begin(peers);
    if (file.number !== 1) {
      this.warnLost(file.path);
      this.pipeline.setUp();
    }
  }

  private warnLost(file: string): void {
    this.modules.log.warn('files before this one are gone: points that depend on them differ', { file });
  }

  private takeAll(records: readonly StoredRecord[]): void {
    for (const record of records) this.take(record);
  }

  private async takeInTime(records: readonly StoredRecord[]): Promise<void> {
    for (const record of records) {
      if (record.kind !== KIND.start) {
        const sinceMs = Number(record.timeNs - (this.firstNs ?? record.timeNs)) / 1e6;
        const waitMs = sinceMs / this.settings.speed - (performance.now() - this.beganAt);
        if (waitMs >= LEAST_WAIT_MS)
          await sleep(waitMs, undefined, { signal: this.modules.signal }).catch(() => undefined);
        if (this.modules.signal.aborted) return;
      }
      this.take(record);
    }
  }

  private take(record: StoredRecord): void {
    if (record.kind === KIND.start) return;
    if (this.firstNs === null) {
      this.firstNs = record.timeNs;
      this.beganAt = performance.now();
    }
    if (record.timeNs > this.lastNs) this.lastNs = record.timeNs;
    this.pipeline?.replayer.take(record);
  }

  private endRun(): void {
    if (this.pipeline === null) return;
    const { replayer, clock } = this.pipeline;
    for (const name of Object.keys(this.finished) as (keyof Replayer['counts'])[])
      this.finished[name] += replayer.counts[name];
    this.invented += clock.invented;
    if (this.firstNs !== null) this.recordedMs += Number(this.lastNs - this.firstNs) / 1e6;
    this.pipeline = null;
  }
}

/** @throws FailureError where a file does not begin as a recording does */
function readFirst(
  file: RecordFile,
  record: StoredRecord | undefined,
): { readonly start: RecordStart; readonly peers: readonly StartPeer[] } {
  const problem = (why: string): FailureError =>
    new FailureError(`${file.path}: is not the beginning of a recording: ${why}`);
  if (record?.kind !== KIND.start) throw problem('its first record does not describe the run');
  try {
    return readStart(record.body);
  } catch (error) {
    if (error instanceof RecordError) throw problem(error.message);
    throw error;
  }
}
