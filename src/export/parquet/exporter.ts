import { access, constants, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../lib/clock';
import { diskProblem } from '../../lib/disk-errors';
import { FailureError } from '../../lib/errors';
import type { Point } from '../../metrics/point';
import type { WriteResult } from '../../metrics/write-result';
import { StoreWriter } from '../../store/writer';
import type { Exporter } from '../exporter';
import { Sealer } from './sealer';

/** Interval between two looks for finished hours, in milliseconds. */
const SEAL_EVERY_MS = 10_000;

/** A point that waits longer than this in the queue is late: it goes into a further file. */
const GRACE_MS = 60_000;

/** `close` begins no further file after this time: the program then has about a second left. */
const SEAL_AT_CLOSE_MS = 600;

/** File with the points that are in no Parquet file yet. */
const STAGING = 'staging.duckdb';

export interface ParquetOptions {
  readonly directory: string;
  /** Default 10,000. */
  readonly sealEveryMs?: number;
}

/**
 * Parquet files by series and hour. A point is first committed to a DuckDB file in the folder; `acked` counts
 * that. Each finished hour (UTC, by the points' own times) moves from there into a Parquet file. After a kill
 * at any moment, each point is in exactly one of the two once the folder was opened again.
 */
export class ParquetExporter implements Exporter {
  readonly name = 'parquet';
  readonly file: string;
  private readonly staging: StoreWriter;
  private lostPoints = 0;
  private sealer: Sealer | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sealing: Promise<void> = Promise.resolve();
  /** The last warning, which is not repeated while it stays the same. */
  private complaint = '';

  constructor(
    private readonly options: ParquetOptions,
    private readonly modules: { readonly clock: Clock; readonly warn: (message: string) => void },
  ) {
    const { directory } = options;
    const { warn } = modules;
    const lost = (points: number): void => void (this.lostPoints += points);
    this.file = path.join(directory, STAGING);
    this.staging = new StoreWriter({ path: this.file, filesIn: directory, warn, lost });
  }

  get damaged(): number {
    return this.lostPoints;
  }

  /** @throws FailureError where the folder can't be made or written, or another process uses it */
  async open(): Promise<void> {
    const { directory, sealEveryMs = SEAL_EVERY_MS } = this.options;
    await makeFolder(directory);
    try {
      await this.staging.open();
    } catch (error) {
      throw new FailureError(`parquet:${directory}: ${explain(diskProblem(error))}`);
    }
    try {
      const { warn } = this.modules;
      this.sealer = new Sealer({ directory }, { holder: this.staging, warn });
      await this.sealer.recover();
    } catch (error) {
      await this.staging.close();
      throw new FailureError(
        `parquet:${directory}: the files of an earlier run can't be finished: ${diskProblem(error)}`,
      );
    }
    this.schedule(sealEveryMs);
  }

  write(points: readonly Point[]): Promise<WriteResult> {
    return this.staging.write(points);
  }

  /** Writes the staged points into files as far as the time allows; the next start does the rest. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const end = this.modules.clock.monotonicMs() + SEAL_AT_CLOSE_MS;
    this.sealer?.stop();
    await this.sealing;
    await this.seal(null, () => this.modules.clock.monotonicMs() < end);
    this.sealer = undefined;
    await this.staging.close();
  }

  private schedule(ms: number): void {
    this.timer = setTimeout(() => {
      const before = this.nowMs() - GRACE_MS;
      this.sealing = this.seal(before, () => true).then(() => {
        if (this.timer !== undefined) this.schedule(ms);
      });
    }, ms);
  }

  private async seal(beforeMs: number | null, mayGoOn: () => boolean): Promise<void> {
    try {
      await this.sealer?.seal(beforeMs, mayGoOn);
      this.complaint = '';
    } catch (error) {
      const complaint = `parquet:${this.options.directory}: a file can't be written and is tried again: ${diskProblem(error)}`;
      if (complaint !== this.complaint) this.modules.warn(complaint);
      this.complaint = complaint;
    }
  }

  private nowMs(): number {
    return Number(this.modules.clock.uniqueNs() / 1_000_000n);
  }
}

const WRITE_RIGHT = 'give the user of btcdmon-node the right to write there, or name another place';

async function makeFolder(directory: string): Promise<void> {
  const wrong = (reason: string): FailureError => new FailureError(`parquet:${directory}: ${reason}`);
  const parent = path.dirname(directory);
  try {
    await mkdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw wrong(`the folder ${parent} does not exist; make it`);
    if (code === 'EACCES') throw wrong(`the folder ${parent} is not writable; ${WRITE_RIGHT}`);
    if (code !== 'EEXIST') throw wrong(`can't be made: ${diskProblem(error)}`);
    const found = await stat(directory).catch((problem: unknown) => {
      throw wrong(`can't be used: ${diskProblem(problem)}`);
    });
    if (!found.isDirectory()) throw wrong('is not a folder; name another place');
  }
  await access(directory, constants.W_OK).catch((error: unknown) => {
    throw wrong(
      (error as NodeJS.ErrnoException).code === 'EACCES'
        ? `the folder is not writable; ${WRITE_RIGHT}`
        : `can't be written: ${diskProblem(error)}`,
    );
  });
}

function explain(message: string): string {
  const holder = /in use by process (\d+)/.exec(message)?.[1];
  if (holder !== undefined)
    return `in use by process ${holder}; stop that one, or give this one another folder`;
  if (message.includes('is open in this process already')) return 'is given twice';
  return message;
}
